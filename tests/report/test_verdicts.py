import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.errors import FileError
from ickrr.report.verdicts import differs, paired_interval, rank, trend_word


def tables_of(values, intervals, statistic="similarity"):
    """Tables of one run: point estimates by solver, and the interval of each pair (its mirror follows)."""
    alignment = pd.DataFrame(
        {"run": "a", "solver": list(values), "statistic": statistic, "value": list(values.values())}
    ).assign(low=0.0, high=0.0, seed_sd=0.0, seeds=2)
    mirrored = intervals | {(b, a): (-high, -low) for (a, b), (low, high) in intervals.items()}
    rows = [("a", statistic, 0, *pair, 0.0, *ends, 100) for pair, ends in mirrored.items()]
    columns = ["run", "statistic", "layer", "first", "second", "difference", "low", "high", "draws_defined"]
    return alignment, pd.DataFrame(rows, columns=columns)


def test_best_alone_tied_and_behind():
    """Fails if 'best' is said although a paired interval contains zero, or a clear loser is tied."""
    intervals = {("a", "b"): (-0.01, 0.02), ("a", "c"): (0.3, 0.5), ("b", "c"): (0.3, 0.5)}
    tables = tables_of({"a": 0.900, "b": 0.899, "c": 0.5}, intervals)
    ranking = rank(*tables, ["c", "b", "a"], "similarity")
    assert ranking.leader == "a"
    assert ranking.tied == ("b",)
    assert ranking.standings == {"a": "tied for best", "b": "tied for best", "c": "behind"}
    assert rank(*tables, ["a", "c"], "similarity").standings == {"a": "best", "c": "behind"}


def test_smaller_distance_is_better():
    """Fails if the direction of a statistic is turned round."""
    tables = tables_of({"a": 0.1, "b": 0.2}, {("a", "b"): (-0.11, -0.09)}, "distance")
    ranking = rank(*tables, ["a", "b"], "distance")
    assert (ranking.leader, ranking.standings["b"]) == ("a", "behind")


def test_undefined_solvers_do_not_compete():
    """Fails if a NaN wins, loses, or hides the others."""
    tables = tables_of({"a": np.nan, "b": 0.2}, {("a", "b"): (np.nan, np.nan)})
    assert rank(*tables, ["a", "b"], "similarity").standings == {"a": "undefined", "b": "best"}
    assert rank(*tables, ["a"], "similarity").leader is None


def test_an_interval_that_does_not_exist_decides_nothing():
    """Fails if solvers are told apart although their difference is undefined in most draws."""
    tables = tables_of({"a": 0.9, "b": 0.2}, {("a", "b"): (np.nan, np.nan)})
    assert rank(*tables, ["a", "b"], "similarity").tied == ("b",)


@settings(deadline=None)
@given(
    st.lists(st.floats(-1, 1), min_size=4, max_size=4, unique=True),
    st.lists(st.tuples(st.floats(-1, 1), st.floats(0, 1)), min_size=6, max_size=6),
)
def test_standings_are_consistent(values, ends):
    """Fails if two solvers are best, the leader is behind, or somebody better than the leader exists."""
    names = "abcd"
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    intervals = {pair: (low, low + width) for pair, (low, width) in zip(pairs, ends, strict=True)}
    tables = tables_of(dict(zip(names, values, strict=True)), intervals)
    ranking = rank(*tables, names, "similarity")
    assert ranking.leader == names[int(np.argmax(values))]
    assert sum(word == "best" for word in ranking.standings.values()) == (not ranking.tied)
    assert ranking.standings[ranking.leader] != "behind"
    for solver in set(names) - {ranking.leader}:
        low, high = paired_interval(tables[1], "similarity", ranking.leader, solver)
        assert (ranking.standings[solver] == "behind") == differs(low, high)


def test_the_whole_model_is_looked_up(toy):
    """Fails if a layer's difference is taken for the model's, or a pair is read backwards."""
    pairs = toy.pairs("a", [toy.draws(0)])
    pairs.loc[pairs["layer"] > 0, ["low", "high"]] = 7.0
    low, high = paired_interval(pairs, "similarity", "richardson", "newton_schulz")
    assert 0.02 < low < high < 0.04  # the toy's Newton is worse by 0.03
    mirror = paired_interval(pairs, "similarity", "newton_schulz", "richardson")
    assert mirror == pytest.approx((-high, -low))


def test_a_missing_pair_is_named(toy):
    """Fails on a traceback, or on a verdict without its evidence."""
    pairs = toy.pairs("a", [toy.draws(0)]).query("second != 'richardson'")
    with pytest.raises(FileError, match=r"tables/a/pairs.parquet: has 0 rows .* second 'richardson'"):
        paired_interval(pairs, "distance", "newton_schulz", "richardson")


def test_trend_word():
    """Fails if a trend is claimed from an interval that contains zero, or from none."""
    assert trend_word(0.1, 0.5) == "grows"
    assert trend_word(-0.5, -0.1) == "falls"
    assert trend_word(-0.1, 0.5) == "shows no clear trend"
    assert trend_word(float("nan"), float("nan")) == "has no defined trend"
