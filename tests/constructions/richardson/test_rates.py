import numpy as np
import pytest
from construction_tables import construction_cells

from ickrr.constructions.richardson.rates import grouped_slope, rates_table


def test_known_exponents():
    """Fails if the slopes are not those that the table was made with, or a fit mixes its groups."""
    rates = rates_table(construction_cells(), 0.95).set_index(["name", "quantity", "against"])["value"]
    assert rates["scaled", "width", "1/eps"] == pytest.approx(0.5, abs=0.02)
    assert rates["fixed", "width", "1/eps"] == pytest.approx(0.5, abs=0.02)
    assert rates["scaled", "width", "N"] == pytest.approx(0, abs=1e-9)
    assert rates["fixed", "width", "N"] == pytest.approx(1.25, abs=0.01)
    assert rates["fixed", "steps", "N"] == pytest.approx(1, abs=0.03)
    assert rates["scaled", "steps", "e-folds"] == pytest.approx(1, abs=0.02)
    assert rates["scaled", "smallest_steps", "e-folds"] == pytest.approx(0.5, abs=0.02)


def test_interval_covers_as_often_as_it_says():
    """Fails if Student's interval has too few degrees of freedom, or none for the groups' intercepts."""
    rng = np.random.default_rng(0)
    groups = np.repeat([0, 1, 2], 4)
    x = np.tile(np.arange(4.0), 3)
    covered = 0
    for _ in range(2000):
        y = 0.7 * x + groups + rng.normal(size=12)
        slope = grouped_slope(x, y, groups, 0.9)
        covered += slope.low <= 0.7 <= slope.high
    assert covered / 2000 == pytest.approx(0.9, abs=0.02)


def test_too_few_cells_have_no_slope():
    """Fails if a slope is claimed from one point a group."""
    slope = grouped_slope(np.array([1.0, 2.0, 3.0]), np.ones(3), np.array([0, 1, 2]), 0.95)
    assert np.isnan(slope.value) and np.isnan(slope.low)
