"""Tokens, classes of keys and distances against small cases that are written out."""

import numpy as np
import torch

from ickrr.interventions.sequence import Sequence


def test_interleaved_tokens_tell_own_pairs_from_others():
    """Fails if a key is given the class of another kind or pair, or a later token is visible."""
    sequence = Sequence.of("interleaved", 5)  # x1 y1 x2 y2 x3
    assert sequence.point.tolist() == [0, 0, 1, 1, 2]
    assert sequence.row.tolist() == [0, 1, 0, 1, 0]
    assert sequence.key.tolist()[3] == [0, 1, 2, 3, 0]  # y2 sees other x, other y, own x, own y
    assert sequence.visible.tolist()[2] == [True, True, True, False, False]


def test_a_query_has_no_key_of_its_own():
    """Fails if the paired query is a key, or a pair does not know itself."""
    sequence = Sequence.of("paired", 4)  # three pairs, one query
    assert sequence.key.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert sequence.row.tolist() == [0, 0, 0, 1]
    assert bool(sequence.visible.all()) and sequence.visible.shape == (4, 3)


def test_distances_are_those_of_the_inputs_of_tokens():
    """Fails if a token is given the input of another pair."""
    x = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = Sequence.of("interleaved", 5).distances(x)
    assert found.shape == (2, 5, 5)
    expected = float(((x[1, 2] - x[1, 0]) ** 2).sum())
    np.testing.assert_allclose(found[1, 4, :2].numpy(), [expected, expected])
    assert Sequence.of("paired", 3).distances(x).shape == (2, 3, 2)
