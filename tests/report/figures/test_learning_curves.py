import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.report.figures.learning_curves import describe_learning_curves, learning_curves_figure


def test_lines_are_the_tables_rows(toy):
    """Fails if a seed's line shows other numbers than the table."""
    table = toy.learning_curve("a").sample(frac=1, random_state=0)
    upper = learning_curves_figure(table, ["a"], "smoke").axes[0]
    for seed, line in zip((0, 1, 2), upper.lines, strict=False):
        rows = table[table["seed"] == seed].sort_values("step")
        np.testing.assert_array_equal(line.get_xdata(), rows["step"])
        np.testing.assert_array_equal(line.get_ydata(), rows["excess_risk"])
    assert upper.get_yscale() == "log"


def test_bayes_risk_and_learning_rate(toy):
    """Fails if the line of the Bayes risk is elsewhere, or the rate is not over its peak."""
    upper, lower = learning_curves_figure(toy.learning_curve("a"), ["a"], "smoke").axes
    assert upper.lines[-1].get_ydata()[0] == pytest.approx(0.224)
    assert np.max(lower.lines[0].get_ydata()) == 1.0
    assert lower.lines[0].get_xdata()[np.argmax(lower.lines[0].get_ydata())] == 200


def test_a_diverged_seed_is_marked(toy):
    """Fails if a seed that diverged looks like one that was stopped early."""
    figure = learning_curves_figure(toy.learning_curve("a", diverging=(1,)), ["a"], "smoke")
    crosses = [line for line in figure.axes[0].lines if line.get_gid() == "diverged"]
    assert [line.get_xdata()[0] for line in crosses] == [500]
    assert "diverged" in [text.get_text() for text in figure.legends[0].get_texts()]
    calm = learning_curves_figure(toy.learning_curve("a"), ["a"], "smoke")
    assert "diverged" not in [text.get_text() for text in calm.legends[0].get_texts()]


def test_panels_of_several_runs(toy):
    """Fails if a run gets no panel, another run's data, or a colour that means another seed elsewhere."""
    table = pd.concat(
        [
            toy.learning_curve(run, seeds=seeds)
            for run, seeds in zip("abcd", [(0, 1), (1,), (0,), (2,)], strict=True)
        ]
    )
    figure = learning_curves_figure(table, list("abcd"), "smoke")
    shown = [axes for axes in figure.axes if axes.get_visible() and axes.get_title()]
    assert [axes.get_title() for axes in shown] == ["(a) a", "(b) b", "(c) c", "(d) d"]
    assert shown[1].lines[0].get_color() == shown[0].lines[1].get_color()
    assert figure.texts[0].get_text() == "smoke scale, 1–2 seeds"


def test_an_absent_run_is_refused(toy):
    """Fails if an empty panel is drawn."""
    with pytest.raises(ValueError, match="no rows of run 'b'"):
        learning_curves_figure(toy.learning_curve("a"), ["b"], "smoke")


def test_description_follows_the_table(toy):
    """Fails if the sentences say something that the table does not, or average a diverged seed."""
    table = toy.learning_curve("a", diverging=(2,))
    final = table[(table["step"] == 1000) & (table["seed"] != 2)]["excess_risk"]
    text = describe_learning_curves(table, "a")
    assert "1 of 3 seeds diverged" in text
    assert f"is {final.mean():.3g} on average, from {final.min():.3g} to {final.max():.3g}" in text
    assert describe_learning_curves(toy.learning_curve("a", seeds=(0,), diverging=(0,)), "a").endswith(
        "1 of 1 seeds diverged. "
    )


def test_more_panels_than_letters(toy):
    """Fails if the 27th run ends in an IndexError, or is drawn without a letter."""
    runs = [f"r{number}" for number in range(28)]
    table = pd.concat([toy.learning_curve(run, seeds=(0,)) for run in runs])
    titles = [axes.get_title() for axes in learning_curves_figure(table, runs, "smoke").axes]
    assert [title for title in titles if title][-3:] == ["(z) r25", "(aa) r26", "(ab) r27"]


@picture("learning_curves")
def test_picture(toy):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return learning_curves_figure(toy.learning_curve("a", diverging=(1,)), ["a"], "smoke")
