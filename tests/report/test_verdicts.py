import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ickrr.errors import FileError
from ickrr.files import write_table
from ickrr.report.verdicts import difference_interval, differs, load_draws, rank, trend_word


def draws_of(columns):
    """Draws of one statistic; the first entry of each solver is its point estimate."""
    frame = pd.DataFrame({(solver, "similarity"): values for solver, values in columns.items()})
    frame.index = pd.RangeIndex(-1, len(frame) - 1, name="draw")
    return frame


def test_paired_difference_against_numpy():
    """Fails if the interval is not the percentile interval of the differences draw by draw."""
    generator = np.random.default_rng(0)
    common, own = generator.normal(0, 1, 1001), generator.normal(0.05, 0.01, 1001)
    draws = draws_of({"a": common + own, "b": common})
    low, high = difference_interval(draws, ("a", "similarity"), ("b", "similarity"), 0.95)
    assert (low, high) == pytest.approx(tuple(np.percentile(own[1:], [2.5, 97.5])))
    assert differs(low, high)  # although the two single intervals overlap almost entirely


def test_the_point_estimate_is_no_draw():
    """Fails if draw -1 enters the interval."""
    draws = draws_of({"a": [100.0, *[1.0] * 50], "b": [0.0] * 51})
    assert difference_interval(draws, ("a", "similarity"), ("b", "similarity"), 0.95) == (1.0, 1.0)


def test_undefined_draws():
    """Fails if a statistic that exists in a few draws only is compared as if it always did."""
    values = np.ones(101)
    values[1:4] = np.nan  # 3 % are tolerated at 95 %
    draws = draws_of({"a": values, "b": np.zeros(101)})
    assert difference_interval(draws, ("a", "similarity"), ("b", "similarity"), 0.95) == (1, 1)
    values[1:11] = np.nan
    draws = draws_of({"a": values, "b": np.zeros(101)})
    assert np.isnan(difference_interval(draws, ("a", "similarity"), ("b", "similarity"), 0.95)).all()


def test_best_alone_tied_and_behind():
    """Fails if 'best' is said although a paired interval contains zero, or a clear loser is tied."""
    generator = np.random.default_rng(1)
    noise = generator.normal(0, 0.01, (3, 500))
    draws = draws_of({"a": 0.9 + noise[0], "b": 0.9 + noise[1], "c": 0.5 + noise[2]})
    draws.loc[-1] = [0.900, 0.899, 0.5]
    ranking = rank(draws, ["c", "b", "a"], "similarity", 0.95)
    assert ranking.leader == "a"
    assert ranking.tied == ("b",)
    assert ranking.standings == {"a": "tied for best", "b": "tied for best", "c": "behind"}
    alone = rank(draws, ["a", "c"], "similarity", 0.95)
    assert alone.standings == {"a": "best", "c": "behind"}


def test_smaller_distance_is_better():
    """Fails if the direction of a statistic is turned round."""
    frame = draws_of({"a": [0.1] * 20, "b": [0.2] * 20})
    frame.columns = pd.MultiIndex.from_tuples([("a", "distance"), ("b", "distance")])
    assert rank(frame, ["a", "b"], "distance", 0.95).leader == "a"


def test_undefined_solvers_do_not_compete():
    """Fails if a NaN wins, loses, or hides the others."""
    draws = draws_of({"a": [np.nan] * 20, "b": [0.2] * 20})
    assert rank(draws, ["a", "b"], "similarity", 0.95).standings == {"a": "undefined", "b": "best"}
    assert rank(draws[[("a", "similarity")]], ["a"], "similarity", 0.95).leader is None


@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=30, max_size=30), min_size=2, max_size=4),
    st.floats(-5, 5),
)
def test_ranking_ignores_a_common_shift(rows, shift):
    """Fails if the verdict depends on anything but differences."""
    names = "abcd"[: len(rows)]
    rows = np.round(np.array(rows), 2)
    plain = rank(draws_of(dict(zip(names, rows, strict=True))), names, "similarity", 0.95)
    moved = rank(draws_of(dict(zip(names, rows + np.round(shift), strict=True))), names, "similarity", 0.95)
    if len(set(rows[:, 0])) == len(rows):  # equal point estimates may swap through rounding
        assert plain.leader == moved.leader
    assert sum(word == "best" for word in plain.standings.values()) <= 1
    assert "behind" not in plain.standings[plain.leader]


def test_seeds_are_averaged_draw_by_draw(results, toy, experiment):
    """Fails if seeds are pooled instead of averaged, or paired in another order."""
    mean = load_draws(results / "comparisons", "noise_01", experiment.seeds("noise_01"))
    key = ("richardson", "similarity")
    by_hand = 0
    for seed in (0, 1):
        table = toy.draws(seed)
        rows = table[(table["solver"] == key[0]) & (table["statistic"] == key[1])]
        by_hand = by_hand + rows.set_index("draw")["value"].sort_index().to_numpy() / 2
    np.testing.assert_allclose(mean[key].to_numpy(), by_hand, rtol=1e-14)


def test_seeds_with_other_draws_are_refused(tmp_path, toy):
    """Fails if draws that are not the same resamples are paired."""
    write_table(tmp_path / "r/seed0/draws.parquet", toy.draws(0))
    write_table(tmp_path / "r/seed1/draws.parquet", toy.draws(1, draws=50))
    with pytest.raises(FileError, match="51 draws where the first seed has 201"):
        load_draws(tmp_path, "r", [0, 1])
    only_draws = toy.draws(0).query("draw >= 0")
    write_table(tmp_path / "s/seed0/draws.parquet", only_draws)
    with pytest.raises(FileError, match="has no -1"):
        load_draws(tmp_path, "s", [0])


def test_trend_word():
    """Fails if a trend is claimed from an interval that contains zero, or from none."""
    assert trend_word(0.1, 0.5) == "grows"
    assert trend_word(-0.5, -0.1) == "falls"
    assert trend_word(-0.1, 0.5) == "shows no clear trend"
    assert trend_word(float("nan"), float("nan")) == "undefined"
