import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.errors_and_steps import describe_errors_and_steps, errors_and_steps_figure


@pytest.fixture(scope="module")
def errors(toy):
    return pd.concat([toy.errors(run, layers=4, steps=16) for run in "ab"])


@pytest.fixture(scope="module")
def matches(toy):
    return toy.matches(pd.concat([toy.similarity(run, layers=4) for run in "ab"]))


@pytest.fixture(scope="module")
def figure(errors, matches):
    return errors_and_steps_figure(errors, matches, ["b", "a"], (2, 20), HEADLINE, "smoke")


def test_errors_are_the_tables(figure, errors):
    """Fails if a curve of the layers shows other numbers than the table."""
    for axes, run in zip(figure.axes[:2], "ba", strict=True):
        solid = [line for line in axes.lines if line.get_linestyle() == "-"]
        for line, n in zip(solid, (2, 20), strict=True):
            rows = errors.query(f"run == '{run}' and method == 'transformer' and context_length == {n}")
            assert list(line.get_ydata()) == pytest.approx(rows.groupby("step")["mse"].mean().tolist())


def test_two_levels_at_full_context(figure, errors):
    """Fails if the attainable level is not converged kernel ridge regression at n = N."""
    converged = errors.query("run == 'a' and method == 'posterior_mean' and context_length == 20")["mse"]
    last = errors.query("run == 'a' and method == 'transformer' and context_length == 20 and step == 4")
    levels = {line.get_linestyle(): line.get_ydata()[0] for line in figure.axes[1].lines[-2:]}
    assert levels[":"] == pytest.approx(converged.iloc[0])
    assert levels["--"] == pytest.approx(last["mse"].mean())


def test_axes_are_shared_along_rows(figure):
    """Fails if two runs cannot be compared by height."""
    upper, lower = figure.axes[:2], figure.axes[2:]
    assert len({axes.get_ylim() for axes in upper}) == len({axes.get_ylim() for axes in lower}) == 1


def test_legends_keep_clear_of_the_stamp(figure, tmp_path):
    """Fails if the line that says scale and seeds is printed over the legend below the panels."""
    figure.savefig(tmp_path / "a.png")  # lays the figure out
    stamp = figure.texts[0].get_window_extent()
    assert "smoke scale" in figure.texts[0].get_text()
    assert not any(legend.get_window_extent().overlaps(stamp) for legend in figure.legends)


def test_description_follows_the_tables(errors, matches):
    """Fails if the ratio to the converged error or a largest step is not the table's."""
    text = describe_errors_and_steps(errors, matches, "a", HEADLINE)
    converged = errors.query("run == 'a' and method == 'posterior_mean' and context_length == 20")["mse"]
    last = errors.query("run == 'a' and method == 'transformer' and context_length == 20 and step == 4")
    assert f"{last['mse'].mean() / converged.iloc[0]:.3g} times" in text
    steps = matches.query("run == 'a' and solver == 'newton_schulz'").groupby("layer")["best_step"].mean()
    assert f"Newton–Schulz {steps.max():.3g} at layer {steps.idxmax()}" in text


@picture("errors_and_steps")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
