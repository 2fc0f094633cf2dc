import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.error_curves import describe_error_curves, error_curves_figure

LENGTHS = (2, 10, 20)


@pytest.fixture(scope="module")
def errors(toy):
    return toy.errors("a")


@pytest.fixture(scope="module")
def figure(errors):
    return error_curves_figure(errors, ["a"], HEADLINE, LENGTHS, "smoke")


def test_lines_are_the_tables_rows(figure, errors):
    """Fails if any curve shows other numbers than the table, in another panel or at another step."""
    for axes, method in zip(figure.axes, ("transformer", *HEADLINE), strict=True):
        curves = [line for line in axes.lines if len(line.get_xdata()) > 2]
        shown = [n for n in LENGTHS if not (method == "richardson" and n == 2)]
        curves = [line for line in curves if line.get_linestyle() == "-"]
        if method == "richardson":
            curves = curves[1:]  # the first one diverges; it has its own test
        assert len(curves) == len(shown)
        for line, n in zip(curves, shown, strict=True):
            rows = errors[(errors["method"] == method) & (errors["context_length"] == n)]
            expected = rows.groupby("step")["mse"].mean()
            np.testing.assert_allclose(line.get_xdata(), expected.index)
            np.testing.assert_allclose(line.get_ydata(), expected.to_numpy())


def test_reference_is_the_last_layer_in_every_panel(figure, errors):
    """Fails if the dashed line stands at another level than the last layer's MSE at n = N."""
    rows = errors.query("method == 'transformer' and step == 8 and context_length == 20")
    for axes in figure.axes:
        dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert [line.get_ydata()[0] for line in dashed] == [pytest.approx(rows["mse"].mean())]


def test_a_diverging_solver_is_cut_and_marked(figure, errors):
    """Fails if a diverging solver is drawn above the ceiling, past a NaN, or without its cross."""
    axes = figure.axes[2]
    cut = axes.lines[0]
    ceiling = 3 * errors.query("method == 'richardson' and step == 0")["mse"].max()
    assert np.max(cut.get_ydata()) <= ceiling
    assert len(cut.get_xdata()) < 20
    crosses = [line for line in axes.lines if line.get_gid() == "diverged"]
    assert len(crosses) == 1
    assert crosses[0].get_xdata()[0] == cut.get_xdata()[-1]
    for other in (0, 1, 3, 4):
        assert not [line for line in figure.axes[other].lines if line.get_gid() == "diverged"]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "diverges" in labels


def test_axes_are_logarithmic_and_shared(figure):
    """Fails if errors of two panels cannot be compared by height."""
    assert {axes.get_yscale() for axes in figure.axes} == {"log"}
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_rows_of_runs_and_absent_context_lengths(toy):
    """Fails if a second run does not get its own row, or the legend names an n that no run has."""
    errors = pd.concat([toy.errors("a", context=8), toy.errors("b", layers=4, seeds=(0,), context=8)])
    figure = error_curves_figure(errors, ["b", "a"], ["richardson"], LENGTHS, "smoke")
    assert len(figure.axes) == 4
    assert figure.axes[0].get_ylabel() == "b\nMSE"
    assert figure.axes[0].get_xlim()[1] < figure.axes[2].get_xlim()[1]
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "$n=2$" in labels
    assert "$n=20$" not in labels
    assert figure.texts[0].get_text() == "smoke scale, 1–3 seeds"


def test_an_absent_solver_is_refused(errors):
    """Fails if an empty panel is drawn for a solver that was never run."""
    with pytest.raises(ValueError, match="no rows of 'chebyshev'"):
        error_curves_figure(errors[errors["method"] != "chebyshev"], ["a"], ["chebyshev"], LENGTHS, "smoke")


def test_description_follows_the_table(errors, toy):
    """Fails if the sentences say something that the table does not."""
    text = describe_error_curves(errors, "a", HEADLINE, LENGTHS)
    level = errors.query("method == 'transformer' and step == 8 and context_length == 20")["mse"].mean()
    rows = errors.query(f"method == 'newton_schulz' and context_length == 20 and mse <= {level}")
    assert f"Newton–Schulz at step {rows['step'].min()}. " in text
    assert "do not within the grid: Richardson" in text
    assert "Richardson (n = 2)" in text
    calm = describe_error_curves(toy.errors("a", diverging=()), "a", HEADLINE, LENGTHS)
    assert calm.endswith("cut where the cross is: none.")


def test_many_context_lengths_are_thinned_to_five(errors):
    """Fails if more levels are drawn than a reader can tell apart in grey, or the first or last is lost."""
    figure = error_curves_figure(errors, ["a"], HEADLINE, range(1, 21), "smoke")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    named = [label for label in labels if label.startswith("$n=")]
    lengths = sorted(set(errors["context_length"]) & {*range(1, 21)})
    assert len(named) == min(5, len(lengths))
    assert (named[0], named[-1]) == (f"$n={lengths[0]}$", f"$n={lengths[-1]}$")
    assert len(labels) <= 6


def test_steps_double_from_one_on(figure):
    """Fails if the steps of solvers stand evenly, so that curves end in the first tenth of a panel."""
    for axes in figure.axes[1:]:
        assert axes.get_xscale() == "log"
        assert axes.get_xlim()[0] == 1
    assert figure.axes[0].get_xscale() == "linear"


@picture("error_curves")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
