"""Paired differences over prompts and seeds against loops, and shares against counting by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.comparison.alignment import STATISTICS
from ickrr.comparison.pairs import (
    paired_statistics,
    pairs_table,
    seed_mean,
    shares_table,
)
from ickrr.comparison.resamples import seed_picks
from ickrr.row_keys import WHOLE_MODEL

SOLVERS = ["first", "second", "third"]
DRAWS, LAYERS, SEEDS = 60, 4, 3
COUNTED = slice(2, LAYERS)


def random_draws(seed):
    generator = np.random.default_rng(seed)
    shape = (len(SOLVERS), 1 + DRAWS)
    return {
        name: generator.normal(size=(*shape, LAYERS) if one.by_layer else shape)
        for name, one in STATISTICS.items()
    }


def draws_of(similarity, distance):
    """Draws of one model, (S, R, L) each, whose floor and trends are zero."""
    zeros = {
        name: np.zeros(similarity.shape if one.by_layer else similarity.shape[:2])
        for name, one in STATISTICS.items()
    }
    return {**zeros, "similarity": similarity, "distance": distance}


@pytest.fixture
def draws():
    return [random_draws(seed) for seed in range(SEEDS)]


@pytest.fixture
def picks():
    return seed_picks(SEEDS, DRAWS, 0)


def test_picks_resample_seeds_with_replacement():
    """Fails if the point estimate is resampled, seeds are only permuted, or the stream is not fixed."""
    picks = seed_picks(3, 3000, 7)
    assert picks[0].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(picks, seed_picks(3, 3000, 7))
    assert not np.array_equal(picks, seed_picks(3, 3000, 8))
    distinct = np.array([len(set(row)) for row in picks[1:].tolist()])
    shares = [(distinct == count).mean() for count in (1, 2, 3)]
    assert shares == pytest.approx([1 / 9, 6 / 9, 2 / 9], abs=0.03)  # of 27 equally likely picks
    assert (seed_picks(1, 5, 7) == 0).all()


def test_seed_mean_is_the_loop(picks):
    """Fails if draws, seeds, solvers or layers are mixed up."""
    generator = np.random.default_rng(1)
    by_seed = [generator.normal(size=(2, 1 + DRAWS, LAYERS)) for _ in range(SEEDS)]
    by_seed[2][0, 5, 1] = np.nan
    mean = seed_mean(by_seed, picks)
    assert mean.shape == (2, 1 + DRAWS, LAYERS)
    for draw, chosen in enumerate(picks):
        by_hand = sum(by_seed[seed][:, draw] for seed in chosen) / SEEDS
        np.testing.assert_allclose(mean[:, draw], by_hand)
    assert np.isnan(mean[0, 5, 1]) == (2 in picks[5])


def test_pairs_are_differences_of_resampled_means(draws, picks):
    """Fails if a difference is not first - second, or its interval not over prompts and seeds together."""
    table = pairs_table("run", SOLVERS, paired_statistics(draws, picks, COUNTED), 0.9)
    columns = ["run", "statistic", "layer", "first", "second", "difference", "low", "high", "draws_defined"]
    assert list(table.columns) == columns
    keyed = table.set_index(["statistic", "layer", "first", "second"])
    assert keyed.index.is_unique
    numbers = {name: 1 + LAYERS * one.by_layer for name, one in STATISTICS.items()}  # of one pair
    assert len(table) == 6 * (sum(numbers.values()) - numbers["floor"]) + 3 * numbers["similarity"]

    def expect(key, by_seed):
        """Compare with by_seed, (K, R), resampled in a loop."""
        each = [np.mean([by_seed[seed][draw] for seed in chosen]) for draw, chosen in enumerate(picks)]
        row = keyed.loc[key]
        assert row["difference"] == pytest.approx(np.mean([values[0] for values in by_seed]))
        assert (row["low"], row["high"]) == pytest.approx(tuple(np.quantile(each[1:], [0.05, 0.95])))
        assert row["draws_defined"] == DRAWS

    distance = [one["distance"][2] - one["distance"][0] for one in draws]  # (R, L) each
    expect(("distance", 3, "third", "first"), [values[:, 2] for values in distance])
    expect(("distance", WHOLE_MODEL, "third", "first"), [values[:, 2:].mean(axis=1) for values in distance])
    tau = [one["kendall_tau"][0] - one["kendall_tau"][1] for one in draws]
    expect(("kendall_tau", WHOLE_MODEL, "first", "second"), tau)
    above = [one["similarity"][1] - one["floor"][1] for one in draws]
    expect(("similarity", 2, "second", "floor"), [values[:, 1] for values in above])


def test_undefined_draws_are_counted_not_averaged_away(draws, picks):
    """Fails if a trend that few draws have gets an interval, or their number is not told."""
    draws[1]["slope"][0, 1:] = np.nan
    table = pairs_table("run", SOLVERS, paired_statistics(draws, picks, COUNTED), 0.9)
    keyed = table.query("layer == 0").set_index(["statistic", "first", "second"])
    row = keyed.loc[("slope", "first", "second")]
    assert row["draws_defined"] == sum(1 not in chosen for chosen in picks[1:].tolist())
    assert np.isfinite(row["difference"]) and np.isnan(row["low"]) and np.isnan(row["high"])
    assert np.isfinite(keyed.loc[("slope", "third", "second"), "low"])


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_swapping_a_pair_changes_the_sign_only(seed):
    """Fails if the order of a pair changes anything but the sign and the order of its interval's ends."""
    draws = [random_draws(seed % 1000 + index) for index in range(2)]
    table = pairs_table("run", SOLVERS, paired_statistics(draws, seed_picks(2, DRAWS, seed), COUNTED), 0.9)
    table = table.query("second != 'floor'").set_index(["statistic", "layer", "first", "second"])
    mirror = table.rename_axis(["statistic", "layer", "second", "first"])
    mirror = mirror.reorder_levels(["statistic", "layer", "first", "second"]).loc[table.index]
    np.testing.assert_allclose(mirror["difference"], -table["difference"])
    np.testing.assert_allclose(mirror["low"], -table["high"])


def test_shares_count_layers():
    """Fails if a layer counts for a solver that some other ties or beats, or directions are turned round."""
    generator = np.random.default_rng(0)
    shape = (3, 1 + DRAWS, LAYERS)
    similarity = 0.5 + 1e-3 * generator.normal(size=shape)
    similarity[0, :, 0] += 0.1  # layer 1: the first solver alone
    similarity[:2, :, 1] += 0.1  # layer 2: the first two, within noise
    similarity[1, 0, 1] += 0.01  # the second has the larger estimate there
    similarity[2, :, 2] += 0.1  # layer 3: the third
    similarity[0, :, 3] += 0.1  # layer 4: the first, where it exists
    similarity[0, 1:20, 3] = np.nan
    statistics = paired_statistics([draws_of(similarity, 1 - similarity)], seed_picks(1, DRAWS, 0), COUNTED)
    table = shares_table("run", SOLVERS, statistics, 0.9).set_index(["statistic", "solver"])
    for statistic in ("similarity", "distance"):
        rows = table.loc[statistic]
        assert rows["layers"].tolist() == [LAYERS] * 3
        assert rows["best"].tolist() == [1, 0, 1]  # layer 4 is undefined in too many draws
        assert rows["share"].tolist() == [0.25, 0, 0.25]
        assert rows["lead_share"].tolist() == [0.5, 0.25, 0.25]
        lead = (similarity[0, 1:] > similarity[1:, 1:].max(axis=0)).mean(axis=1)  # by hand
        ends = tuple(np.quantile(lead, [0.05, 0.95]))
        assert (rows.loc["first", "low"], rows.loc["first", "high"]) == pytest.approx(ends)


def test_rounding_makes_no_winner():
    """Fails if predictions that are equal up to rounding, always on the same side, count as different."""
    generator = np.random.default_rng(0)
    shape = (3, 1 + DRAWS, LAYERS)
    similarity = 0.5 + 1e-3 * generator.normal(size=shape)
    similarity[0] = similarity[1] + 1e-14
    similarity[2] -= 0.1
    statistics = paired_statistics([draws_of(similarity, 1 - similarity)], seed_picks(1, DRAWS, 0), COUNTED)
    rows = pairs_table("run", SOLVERS, statistics, 0.9).query("first == 'first' and second == 'second'")
    assert (rows[["difference", "low", "high"]] == 0).all(axis=None)
    shares = shares_table("run", SOLVERS, statistics, 0.9)
    assert (shares[["best", "lead_share", "high"]] == 0).all(axis=None)
