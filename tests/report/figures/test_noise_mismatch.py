import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.report.figures.noise_mismatch import (
    METHODS,
    describe_noise_mismatch,
    noise_mismatch_figure,
    training_noise,
)


@pytest.fixture(scope="module")
def noise(toy):
    return pd.concat([toy.noise("a", noise_std=0.1), toy.noise("b", seeds=(0,), noise_std=1.0)])


@pytest.fixture(scope="module")
def figure(noise):
    return noise_mismatch_figure(noise, ["a", "b"], (0.1, 1, 10), "smoke")


def lines(axes, run, method):
    """Return the line of a run and a method: those of a run stand together, in the order of the runs."""
    drawn = [line for line in axes.lines if line.get_gid() != "optimal"]
    return drawn["ab".index(run) * len(METHODS) + list(METHODS).index(method)]


@pytest.mark.parametrize("run", ["a", "b"])
@pytest.mark.parametrize("method", METHODS)
def test_snapshots_and_sweep_are_the_tables_ratios(figure, noise, run, method):
    """Fails if a panel shows another factor, run or method, or another error than the clean ratio."""
    rows = noise.query(f"run == '{run}' and method == '{method}'")
    snapshot = rows[np.isclose(rows["factor"], 10) & (rows["context_length"] > 0)]
    line = lines(figure.axes[2], run, method)
    np.testing.assert_allclose(line.get_ydata(), snapshot.groupby("context_length")["ratio"].mean())
    sweep = rows[rows["context_length"] == 20].groupby("factor")["ratio"].mean()
    line = lines(figure.axes[3], run, method)
    np.testing.assert_allclose(line.get_xdata(), sweep.index)
    np.testing.assert_allclose(line.get_ydata(), sweep)


def test_band_spans_the_intervals_of_all_seeds(figure, noise):
    """Fails if the band shows one seed's interval, or the seeds' means."""
    rows = noise.query("run == 'a' and method == 'transformer' and context_length == 20")
    band = figure.axes[3].collections[0].get_paths()[0].vertices[:, 1]
    assert band.min() == pytest.approx(rows["ratio_low"].min())
    assert band.max() == pytest.approx(rows["ratio_high"].max())


def test_the_optimum_is_a_line_at_one_in_every_panel(figure):
    """Fails if a panel has no level to read its ratios against."""
    for axes in figure.axes:
        levels = [line.get_ydata()[0] for line in axes.lines if line.get_gid() == "optimal"]
        assert levels == [1.0]
        assert axes.get_yscale() == "log"


def labels(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_training_noise_is_read_from_the_table(figure, noise):
    """Fails if a colour is explained by another noise than its run was trained at, or the legend is long."""
    assert training_noise(noise, "b") == pytest.approx(1.0)
    first, second, *rest = labels(figure)
    assert first.endswith("=0.1$") and second.endswith("=1$")
    assert len(rest) == len(METHODS) + 1
    colours = [lines(figure.axes[0], run, "transformer").get_color() for run in "ab"]
    assert [handle.get_color() for handle in figure.legends[0].get_lines()[:2]] == colours


def test_an_absent_snapshot_is_refused(noise):
    """Fails if a panel is left empty because the sweep has no such test noise."""
    with pytest.raises(ValueError, match="no rows of 'transformer'"):
        noise_mismatch_figure(noise, ["a"], (0.123,), "smoke")


def test_description_follows_the_table(noise):
    """Fails if the sentence swaps the methods, or counts the test noises wrongly."""
    text = describe_noise_mismatch(noise, "b")
    rows = noise.query("run == 'b' and context_length == 20")
    ends = rows[np.isclose(rows["factor"], 0.1)].set_index("method")["ratio"]
    assert f"{ends['transformer']:.3g} for the transformer and {ends['encoded_oracle']:.3g}" in text
    assert "below the encoded oracle at 12 of 13" in text


def test_runs_of_one_noise_are_told_apart(toy):
    """Fails if two runs bear the same label, so that nobody can say which curve is which."""
    noise = pd.concat([toy.noise(run, noise_std=0.3) for run in ("a", "few_heads")])
    figure = noise_mismatch_figure(noise, ["a", "few_heads"], (0.1, 1, 10), "smoke")
    assert [label.split(", ")[-1] for label in labels(figure)[:2]] == ["a", "few heads"]


@picture("noise_mismatch")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
