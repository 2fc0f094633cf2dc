import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.differences import advantage, describe_differences, differences_figure

MAIN = HEADLINE[0]


@pytest.fixture(scope="module")
def pairs(toy):
    draws = [toy.draws(seed) for seed in (0, 1)]
    table = pd.concat([toy.pairs(run, draws, layers=4) for run in "ab"], ignore_index=True)
    lost = (table["statistic"] == "distance") & (table["layer"] == 2)
    # On layer 2 of the toy, everything that was nearer is farther.
    changed = table.copy()
    changed.loc[lost, "difference"] = -table["difference"]
    changed.loc[lost, ["low", "high"]] = -table.loc[lost, ["high", "low"]].to_numpy()
    return changed


@pytest.fixture(scope="module")
def matches(toy):
    return toy.matches(pd.concat([toy.similarity(run, seeds=(0, 1), layers=4, steps=4) for run in "ab"]))


def test_positive_means_the_main_solver_is_the_better_match(pairs):
    """Fails if a smaller distance does not count for the main solver."""
    shown = advantage(pairs, "a", MAIN, "conjugate_gradient").set_index("layer")
    rows = pairs.query(
        f"run == 'a' and statistic == 'distance' and first == '{MAIN}' and second == 'conjugate_gradient'"
    ).set_index("layer")
    np.testing.assert_allclose(shown["value"], -rows["difference"])
    assert shown.loc[3, "low"] > 0
    reversed_ = advantage(pairs, "a", "conjugate_gradient", MAIN).set_index("layer")
    np.testing.assert_allclose(reversed_["low"], -shown["high"])


def test_filled_markers_are_decided_and_the_mean_stands_apart(pairs, matches):
    """Fails if an interval that holds zero looks decided, or the mean looks like a layer."""
    (axes,) = differences_figure(pairs, matches, ["a"], HEADLINE, MAIN, (), "smoke").axes
    for other in HEADLINE[1:]:
        rows = advantage(pairs, "a", MAIN, other)
        decided = {
            line.get_markerfacecolor() != "white": list(line.get_ydata())
            for line in axes.lines
            if line.get_gid() == other
        }
        certain = (rows["low"] > 0) | (rows["high"] < 0)
        assert decided.get(True, []) == rows.loc[certain, "value"].tolist()
        assert decided.get(False, []) == rows.loc[~certain, "value"].tolist()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", "3", "4", "mean"]


def test_runs_share_the_axis_and_show_all_intervals(pairs, matches):
    """Fails if two runs cannot be compared, or an interval leaves its panel."""
    scaled = pairs.copy()
    scaled.loc[scaled["run"] == "b", ["difference", "low", "high"]] *= 5
    figure = differences_figure(scaled, matches, ["a", "b"], HEADLINE, MAIN, (), "smoke")
    upper = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in upper] == ["(a) a", "(b) b"]
    assert upper[0].get_ylim() == upper[1].get_ylim()
    rows = pd.concat([advantage(scaled, run, MAIN, s) for run in "ab" for s in HEADLINE[1:]])
    assert upper[0].get_ylim()[0] < rows["low"].min() < rows["high"].max() < upper[0].get_ylim()[1]


def test_nulls_are_one_band_of_the_same_difference(pairs, matches, toy):
    """Fails if the band is of other predictors or another solver, averages nulls, or shows the embedding."""
    (axes,) = differences_figure(pairs, matches, ["a"], HEADLINE, MAIN, toy.nulls, "smoke").axes
    (band,) = (found for found in axes.collections if found.get_gid() == "nulls")
    corners = band.get_paths()[0].vertices
    for layer in range(1, 5):
        at = matches.query(f"run == 'a' and layer == {layer}").groupby("solver")["distance"].mean()
        gaps = at[list(toy.nulls)] - at[MAIN]
        found = corners[corners[:, 0] == layer, 1]
        assert (found.min(), found.max()) == (pytest.approx(gaps.min()), pytest.approx(gaps.max()))
    assert corners[:, 0].min() == 1
    legend = [text.get_text() for text in axes.figure.legends[0].get_texts()]
    assert legend[-1] == "against nulls" and len(legend) <= 6


def test_an_absent_null_is_refused(pairs, matches):
    """Fails if a band leaves out a null that settings name."""
    with pytest.raises(ValueError, match="no rows of run 'a' and null 'mine'"):
        differences_figure(pairs, matches, ["a"], HEADLINE, MAIN, ["ridge_path", "mine"], "smoke")


def test_description_counts_layers(pairs):
    """Fails if the mean is counted as a layer, or farther as nearer."""
    text = describe_differences(pairs, "a", HEADLINE, MAIN)
    assert "conjugate gradient: nearer on 3, farther on 1, undecided on 0" in text


def test_an_absent_pair_is_refused(pairs):
    """Fails if a solver that was never compared is drawn as a zero."""
    with pytest.raises(ValueError, match="no rows of run 'a'"):
        advantage(pairs, "a", MAIN, "chebyshev")


@picture("differences")
def test_picture(pairs, matches, toy):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return differences_figure(pairs, matches, ["a", "b"], HEADLINE, MAIN, toy.nulls, "smoke")
