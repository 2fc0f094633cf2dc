"""Means over seeds: point estimates, paired draws, spread, and what is undefined."""

import numpy as np
import pytest

from ickrr.comparison.alignment import STATISTICS, alignment_table

DRAWS, LAYERS = 50, 4
SOLVERS = ["cg", "richardson"]


def random_draws(seed):
    generator = np.random.default_rng(seed)
    shape = (len(SOLVERS), 1 + DRAWS)
    return {
        name: generator.normal(size=(*shape, LAYERS) if one.by_layer else shape)
        for name, one in STATISTICS.items()
    }


@pytest.fixture
def seeds():
    return [random_draws(seed) for seed in (0, 3, 5)]


def table_of(draws):
    return alignment_table("run", SOLVERS, draws, slice(2, LAYERS), 0.9).set_index(["solver", "statistic"])


def test_interval_is_that_of_the_draw_by_draw_mean(seeds):
    """Fails if draws are pooled over seeds, solvers swapped, or a mean takes layers that do not count."""
    result = table_of(seeds)
    assert list(result.columns) == ["run", "value", "low", "high", "seed_sd", "seeds"]
    assert list(result.index.unique("solver")) == SOLVERS
    assert list(result.index.unique("statistic")) == list(STATISTICS)
    assert len(result) == 2 * len(STATISTICS)
    for (solver, statistic), row in result.iterrows():
        index = SOLVERS.index(solver)
        each = np.stack([one[statistic][index] for one in seeds])
        if statistic in ("similarity", "floor", "distance"):
            each = each[..., 2:].mean(axis=-1)
        assert row["value"] == pytest.approx(each[:, 0].mean())
        ends = np.quantile(each.mean(axis=0)[1:], [0.05, 0.95])
        np.testing.assert_allclose([row["low"], row["high"]], ends, rtol=1e-12)
        assert row["seed_sd"] == pytest.approx(each[:, 0].std(ddof=1))
        assert row["seeds"] == 3


def test_a_single_seed_has_no_spread(seeds):
    """Fails if the spread of one seed is shown as 0, or stops the table."""
    result = table_of(seeds[:1])
    assert result["seed_sd"].isna().all()
    assert np.isfinite(result[["value", "low", "high"]]).all(axis=None)


def test_what_one_seed_does_not_have_the_mean_does_not_have(seeds):
    """Fails if a trend that is undefined for one seed is averaged over the others without a word."""
    seeds[1]["slope"][0, 0] = np.nan
    seeds[2]["slope"][1, 1:8] = np.nan  # 7 of 50 draws: more than a 90 % interval leaves out
    result = table_of(seeds)
    assert np.isnan(result.loc[("cg", "slope"), ["value", "seed_sd"]].astype(float)).all()
    row = result.loc[("richardson", "slope")]
    assert np.isfinite(row["value"]) and np.isnan(row["low"]) and np.isnan(row["high"])
