import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.sizes import describe_sizes, describe_varied, sizes_figure, varied

MAIN = HEADLINE[0]
RUNS = ["base", "few", "wide", "same"]
MODELS = {
    "base": {"layers": 4, "heads": 4, "width": 64},
    "few": {"layers": 4, "heads": 1, "width": 64},
    "wide": {"layers": 4, "heads": 4, "width": 128},
    "same": {"layers": 4, "heads": 1, "width": 64},
}


@pytest.fixture(scope="module")
def tables(toy):
    curves = pd.concat([toy.learning_curve(run, seeds=(0, 1)) for run in RUNS])
    curves.loc[curves["run"] == "wide", "excess_risk"] *= 2
    errors = pd.concat([toy.errors(run, seeds=(0, 1), layers=4, steps=8) for run in RUNS])
    matches = toy.matches(pd.concat([toy.similarity(run, seeds=(0, 1), layers=4) for run in RUNS]))
    return curves, errors, matches


def test_a_row_holds_what_differs_in_its_setting_alone():
    """Fails if a run that varies the width stands among the heads, or one model is drawn twice."""
    assert varied(RUNS, MODELS, "heads") == {1: "few", 4: "base"}
    assert varied(RUNS, MODELS, "width") == {64: "base", 128: "wide"}


def test_seeds_and_means_are_the_learning_curves_ends(tables):
    """Fails if a marker is not the last excess risk of its seed, or the bar not their mean."""
    curves, errors, matches = tables
    figure = sizes_figure(curves, errors, matches, RUNS, MODELS, MAIN, "smoke")
    axes = figure.axes[3]  # width, final risk
    markers = [line.get_ydata() for line in axes.lines if line.get_gid() == "seed"]
    for run, shown, bar in zip(("base", "wide"), markers, axes.collections, strict=True):
        ends = curves[(curves["run"] == run) & (curves["step"] == 1000)]["excess_risk"]
        np.testing.assert_allclose(shown, ends)
        assert bar.get_segments()[0][0, 1] == pytest.approx(ends.mean())
    assert [label.get_text() for label in axes.get_xticklabels()] == ["64", "128"]
    assert figure.axes[0].get_ylim() == axes.get_ylim()


def test_layer_lines_are_excess_risks_at_full_context(tables):
    """Fails if the middle panel shows another error or another context length."""
    curves, errors, matches = tables
    figure = sizes_figure(curves, errors, matches, RUNS, MODELS, MAIN, "smoke")
    rows = errors.query("run == 'few' and method == 'transformer' and context_length == 20")
    line = figure.axes[1].lines[0]
    np.testing.assert_allclose(line.get_ydata(), rows.groupby("step")["excess_risk"].mean())


def test_description_follows_the_tables(tables):
    """Fails if the sentences rank the sizes otherwise than their mean final risks do."""
    curves, _, matches = tables
    text = describe_varied(curves, matches, RUNS, MODELS, MAIN)
    ends = curves[curves["step"] == 1000].groupby("run")["excess_risk"].mean()
    assert f"64 ends lowest ({ends['base']:.3g}) and 128 highest ({ends['wide']:.3g})" in text
    assert describe_sizes(curves, "few", MODELS).startswith("Run `few` (1 head, width 64): final excess")


def test_a_run_that_no_row_shows_is_refused(tables):
    """Fails if a run that differs in the layers, or in heads and width, is left out without a word."""
    for other in ({"layers": 2, "heads": 4, "width": 64}, {"layers": 4, "heads": 1, "width": 128}):
        with pytest.raises(ValueError, match=r"run 'few' differs from 'base' in .*; allowed: heads alone"):
            sizes_figure(*tables, RUNS, {**MODELS, "few": other}, MAIN, "smoke")


@picture("sizes")
def test_picture(tables):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return sizes_figure(*tables, RUNS, MODELS, MAIN, "smoke")
