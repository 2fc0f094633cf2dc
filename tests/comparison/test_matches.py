"""Tables of a comparison: they repeat the maps faithfully; statistics are recomputed with SciPy."""

import numpy as np
import pytest
from scipy import stats

from ickrr.comparison.alignment import solver_statistics
from ickrr.comparison.matches import matches_table, similarity_table
from ickrr.comparison.similarity import Maps

DRAWS, LAYERS, STEPS = 40, 6, 9
COLUMNS = [
    *("run", "seed", "solver", "layer", "best_step", "best_step_low", "best_step_high", "censored"),
    *("similarity", "similarity_low", "similarity_high", "floor", "nearest_step", "nearest_censored"),
    *("distance", "distance_low", "distance_high"),
]


@pytest.fixture
def maps():
    generator = np.random.default_rng(0)
    return Maps(
        generator.uniform(0, 1, size=(DRAWS + 1, LAYERS, STEPS)),
        generator.uniform(0, 1, size=(DRAWS + 1, LAYERS, STEPS)),
    )


@pytest.fixture
def floor():
    return np.random.default_rng(1).uniform(size=(DRAWS + 1, LAYERS))


def test_similarity_table_is_the_point_estimate(maps):
    """Fails if layers and steps are swapped, or a bootstrap draw is shown in place of the estimate."""
    table = similarity_table("run", 1, "cg", maps)
    assert len(table) == LAYERS * STEPS
    for row in table.itertuples():
        assert row.similarity == maps.similarity[0, row.layer, row.step]
        assert row.distance == maps.distance[0, row.layer, row.step]


def test_matches_are_the_extremes_with_their_intervals(maps, floor):
    """Fails if best and nearest are confused, or if an interval holds the estimate among its draws."""
    table = matches_table("run", 1, "cg", maps, floor, 0.9)
    assert list(table.columns) == COLUMNS
    for row in table.itertuples():
        similarity, distance = maps.similarity[:, row.layer], maps.distance[:, row.layer]
        assert row.best_step == np.argmax(similarity[0])
        assert row.nearest_step == np.argmin(distance[0])
        assert row.similarity == similarity[0].max()
        assert row.distance == distance[0].min()
        assert row.floor == floor[0, row.layer]
        assert row.censored == (row.best_step == STEPS - 1)
        assert row.nearest_censored == (row.nearest_step == STEPS - 1)
        for name, draws in (
            ("best_step", similarity[1:].argmax(axis=1)),
            ("similarity", similarity[1:].max(axis=1)),
            ("distance", distance[1:].min(axis=1)),
        ):
            ends = [getattr(row, f"{name}_low"), getattr(row, f"{name}_high")]
            np.testing.assert_allclose(ends, np.quantile(draws, [0.05, 0.95]))


def test_a_layer_without_finite_predictions_has_no_best_step(maps, floor):
    """Fails if a diverged layer is given a step (0 or the last), or counted as censored."""
    maps.similarity[:, 2], maps.distance[:, 2] = np.nan, np.nan
    row = matches_table("run", 1, "cg", maps, floor, 0.9).loc[2]
    assert row[["best_step", "best_step_low", "similarity", "nearest_step", "distance"]].isna().all()
    assert not row["censored"]
    statistics = solver_statistics(maps, floor)
    assert (
        np.isnan(statistics["similarity"][:, 1]).all() and np.isfinite(statistics["similarity"][:, 2]).all()
    )


def test_draws_recompute_every_statistic_from_their_own_maps(maps, floor):
    """Fails if layer 0 counts, draws are shifted by one, or best steps are not found anew in each."""
    found = solver_statistics(maps, floor)
    assert {len(values) for values in found.values()} == {DRAWS + 1}
    np.testing.assert_array_equal(found["floor"], floor[:, 1:])
    for draw in range(DRAWS + 1):
        similarity = maps.similarity[draw, 1:]
        best = similarity.argmax(axis=1)
        np.testing.assert_array_equal(found["similarity"][draw], similarity.max(axis=1))
        np.testing.assert_array_equal(found["distance"][draw], maps.distance[draw, 1:].min(axis=1))
        assert found["censored_share"][draw] == pytest.approx((best == STEPS - 1).mean())
        used = best < STEPS - 1
        layer, step = np.arange(1, LAYERS)[used], best[used]
        if used.mean() < 2 / 3:  # more than a third of the layers are censored
            assert all(np.isnan(found[name][draw]) for name in ("slope", "r_squared", "kendall_tau"))
        elif used.sum() >= 3 and len(set(step)) > 1:
            line = stats.linregress(layer, step)
            assert found["slope"][draw] == pytest.approx(line.slope)
            assert found["r_squared"][draw] == pytest.approx(line.rvalue**2)
            assert found["kendall_tau"][draw] == pytest.approx(stats.kendalltau(layer, step).statistic)
