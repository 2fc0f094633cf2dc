import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.best_steps import best_steps_figure, describe_best_steps
from ickrr.report.matches import best_steps


@pytest.fixture(scope="module")
def matches(toy):
    deep = toy.similarity("b", seeds=(0,), layers=10)
    return toy.matches(pd.concat([toy.similarity("a", layers=3), deep]))


def test_one_panel_a_run_on_one_step_axis(matches):
    """Fails if a run gets no panel, an unused one is visible, or steps of two runs cannot be compared."""
    figure = best_steps_figure(matches, ["b", "a", "a", "b"], HEADLINE, "smoke")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == ["(a) b", "(b) a", "(c) a", "(d) b"]
    assert len({axes.get_ylim() for axes in shown}) == 1
    assert shown[0].get_xlim()[1] > shown[1].get_xlim()[1]


def test_the_axis_reaches_what_is_drawn(matches):
    """Fails if the upper end of an interval, or a censored marker, lies outside the panel."""
    figure = best_steps_figure(matches, ["a"], HEADLINE, "smoke")
    highest = max(best_steps(matches, "a", solver).high.max() for solver in HEADLINE)
    assert figure.axes[0].get_ylim()[1] > highest
    figure = best_steps_figure(matches, ["b"], HEADLINE, "smoke")
    censored = [line for line in figure.axes[0].lines if line.get_gid() == "censored"]
    assert {step for line in censored for step in line.get_ydata()} == {64}
    assert figure.axes[0].get_ylim()[1] >= 64


def test_the_legend_names_censoring_only_where_there_is_some(matches):
    """Fails if a reader is told of open markers that are not there, or not told of those that are."""
    labels = {}
    for run in "ab":
        figure = best_steps_figure(matches, [run], HEADLINE, "smoke")
        labels[run] = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "edge of grid (censored)" in labels["b"]
    assert "edge of grid (censored)" not in labels["a"]


def test_a_run_without_finite_predictions_is_shown_as_diverged(matches):
    """Fails if a diverged run looks like an empty panel, or its NaN breaks the drawing."""
    steps = ["best_step", "best_step_low", "best_step_high"]
    lost = matches[matches["run"] == "a"].astype(dict.fromkeys(steps, float))
    lost[steps] = float("nan")
    lost["censored"] = False
    figure = best_steps_figure(lost, ["a"], HEADLINE, "smoke")
    assert [text.get_text() for text in figure.axes[0].texts] == ["diverged"]
    assert not best_steps_figure(matches, ["a"], HEADLINE, "smoke").axes[0].texts


def test_description_follows_the_table(matches):
    """Fails if the sentence counts other censored layers, or calls a censored last step a finding."""
    text = describe_best_steps(matches, "b", HEADLINE)
    rows = matches[(matches["run"] == "b") & (matches["layer"] > 0) & (matches["solver"] == HEADLINE[0])]
    first = rows.loc[rows["layer"] == 1, "best_step"].iloc[0]
    assert f"preconditioned Richardson from {first} to a censored one" in text
    assert f"({rows['censored'].sum()} of 10 layers censored)" in text


@picture("best_steps")
def test_picture(matches):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return best_steps_figure(matches, ["a", "b"], HEADLINE, "smoke")
