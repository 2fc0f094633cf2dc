"""Means over seeds: point estimates, paired draws, spread, and what is undefined."""

import numpy as np
import pandas as pd
import pytest

from ickrr.analysis.alignment import alignment_table, same_draws

DRAWS = 50


def draws_of(values):
    """Table of draws from {(solver, statistic): (1 + DRAWS) values}, the point estimate first."""
    tables = [
        pd.DataFrame(
            {"solver": solver, "draw": np.arange(-1, DRAWS), "statistic": statistic, "value": column}
        )
        for (solver, statistic), column in values.items()
    ]
    return pd.concat(tables, ignore_index=True)


@pytest.fixture
def seeds():
    generator = np.random.default_rng(0)
    keys = [("cg", "slope"), ("cg", "similarity"), ("richardson", "slope")]
    return {seed: {key: generator.normal(size=DRAWS + 1) for key in keys} for seed in (0, 3, 5)}


def test_interval_is_that_of_the_draw_by_draw_mean(seeds):
    """Fails if draws are pooled over seeds, matched by row, or if the estimate enters the interval."""
    tables = {seed: draws_of(values) for seed, values in seeds.items()}
    tables[3] = tables[3].sample(frac=1, random_state=1)  # order of rows means nothing
    result = alignment_table("run", tables, 0.9).set_index(["solver", "statistic"])
    assert list(result.columns) == ["run", "value", "low", "high", "seed_sd", "seeds"]
    assert len(result) == 3
    for key, row in result.iterrows():
        each = np.stack([values[key] for values in seeds.values()])
        assert row["value"] == pytest.approx(each[:, 0].mean())
        np.testing.assert_allclose(
            [row["low"], row["high"]], np.quantile(each.mean(axis=0)[1:], [0.05, 0.95])
        )
        assert row["seed_sd"] == pytest.approx(each[:, 0].std(ddof=1))
        assert row["seeds"] == 3


def test_a_single_seed_has_no_spread(seeds):
    """Fails if the spread of one seed is shown as 0, or stops the table."""
    result = alignment_table("run", {0: draws_of(seeds[0])}, 0.9)
    assert result["seed_sd"].isna().all()
    assert np.isfinite(result[["value", "low", "high"]]).all(axis=None)


def test_what_one_seed_does_not_have_the_mean_does_not_have(seeds):
    """Fails if a trend that is undefined for one seed is averaged over the others without a word."""
    seeds[3]["cg", "slope"][0] = np.nan
    seeds[5]["richardson", "slope"][1:8] = np.nan  # 7 of 50 draws: more than a 90 % interval leaves out
    tables = {seed: draws_of(values) for seed, values in seeds.items()}
    result = alignment_table("run", tables, 0.9).set_index(["solver", "statistic"])
    assert np.isnan(result.loc[("cg", "slope"), ["value", "seed_sd"]].astype(float)).all()
    row = result.loc[("richardson", "slope")]
    assert np.isfinite(row["value"]) and np.isnan(row["low"]) and np.isnan(row["high"])


def test_same_draws_sees_missing_and_other_rows(seeds):
    """Fails if seeds with different draws or solvers are taken for pairs."""
    first, other = draws_of(seeds[0]), draws_of(seeds[3])
    assert same_draws(first, other)
    assert not same_draws(first, other.iloc[:-1])
    assert not same_draws(first, other.assign(solver="cg"))
