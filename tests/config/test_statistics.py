"""Which layers count."""

import pytest

from ickrr.config.statistics import StatisticsSettings


@pytest.mark.parametrize(
    ("first", "layers", "expected"),
    [(3, 8, [3, 4, 5, 6, 7, 8]), (3, 3, [3]), (3, 2, [2]), (3, 1, [1]), (1, 2, [1, 2])],
)
def test_layers_from_the_first_that_counts(first, layers, expected):
    """Fails if a layer before the first one counts, the last does not, or a shallow model has none."""
    counted = StatisticsSettings(first_layer=first).counted(layers)
    assert list(range(1, layers + 1))[counted] == expected
