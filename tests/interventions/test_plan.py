"""Which heads are replaced together, and what the replacements cost."""

import numpy as np
import pytest

from ickrr.comparison.resamples import Resamples
from ickrr.interventions.plan import head_sets
from ickrr.interventions.tables import Effect, restored_rows

LIKE = {(1, 0): False, (1, 1): False, (2, 0): True, (2, 1): True, (3, 0): True, (3, 1): False}


def test_sets_hold_the_heads_of_their_scope():
    """Fails if a set has a head of another layer or kind, a random one a kernel, or one is empty."""
    sets = head_sets(LIKE, np.random.default_rng(0))
    by_scope = {}
    for one in sets:
        by_scope.setdefault(one.scope, []).append(one)
    assert [one.heads for one in by_scope["head"]] == [(head,) for head in LIKE]
    assert {one.layer: one.heads for one in by_scope["layer"]} == {2: ((2, 0), (2, 1)), 3: ((3, 0),)}
    outside = {head for head, like in LIKE.items() if not like}
    assert {one.layer: len(one.heads) for one in by_scope["random"]} == {2: 2, 3: 1}
    assert all(set(one.heads) <= outside for one in by_scope["random"])
    assert set(by_scope["model"][0].heads) == set(LIKE) - outside
    assert set(by_scope["rest"][0].heads) == outside
    assert by_scope["model"][0].first == 2


def test_no_head_like_a_kernel_leaves_single_heads_and_the_rest():
    """Fails if sets without heads are run: they would cost a pass each and divide zero by zero."""
    sets = head_sets(dict.fromkeys(LIKE, False), np.random.default_rng(0))
    assert {one.scope for one in sets} == {"head", "rest"}


def test_restored_share_is_the_ratio_of_summed_costs():
    """Fails if sets are averaged as ratios, seeds are mixed up, or another readout is looked at."""
    generator = np.random.default_rng(1)
    sets = [one for one in head_sets(LIKE, generator) if one.scope == "layer"]
    effects, totals = {}, {"kernel": [], "mean": []}
    for seed in (0, 1):
        effects[seed] = []
        for name, size in (("kernel", 1.0), ("mean", 4.0)):
            increases = [size * generator.random((5, 30)) for _ in sets]
            effects[seed] += [Effect(one, name, rise) for one, rise in zip(sets, increases, strict=True)]
            totals[name].append(sum(rise[-1].mean() for rise in increases))
    (row,) = restored_rows(effects, Resamples(30, 2, 200, 0, 0.95))
    assert (row["scope"], row["replacement"], row["seeds"]) == ("layer", "kernel", 2)
    assert row["value"] == pytest.approx(1 - np.mean(totals["kernel"]) / np.mean(totals["mean"]))
    assert row["low"] < row["value"] < row["high"]
