import numpy as np
import pandas as pd
import pytest
from construction_tables import contraction_table
from pictures import picture

from ickrr.report.figures import contraction
from ickrr.report.figures.contraction import contraction_figure, describe_contraction, shown_ridge

SETTINGS = ("spherical", "uniform", "gaussian")  # laws of the random prompts
LENGTHS = (10, 100)
LENGTHSCALES = (0.5, 1.0, 2.0)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Gaps that differ between lengthscales, and between prompts so that mean and median differ."""
    table = contraction_table()
    gap = (1 - table["factor"]) * (1 + table["prompt"] ** 3) / 30 / table["lengthscale"]
    return table.assign(factor=1 - gap)


def spherical(table: pd.DataFrame, **chosen: object) -> pd.DataFrame:
    """Rows of the spherical law with the ridge in the row sums, fixed, that fulfil some equations."""
    chosen = {"family": "spherical", "preconditioner": "ridge", "scaling": "fixed", "ridge": 0.09} | chosen
    return table[np.logical_and.reduce([table[column] == value for column, value in chosen.items()])]


@pytest.fixture(scope="module")
def figure(table):
    return contraction_figure(table, SETTINGS, "smoke")


def test_lines_are_medians_with_nine_tenths_around_them(table, figure):
    """Fails if a curve is a mean, mixes ridges or lengthscales, or its band is another interval."""
    fixed = figure.axes[0]
    lines = fixed.lines[: 2 * len(LENGTHSCALES) : 2]  # every other one belongs to the row sums of K
    for lengthscale, line, band in zip(LENGTHSCALES, lines, fixed.collections, strict=True):
        rows = spherical(table, lengthscale=lengthscale)
        gaps = np.array(
            [1 - rows.loc[rows["context_length"] == n, "factor"] for n in LENGTHS]
        )  # (N, prompts)
        np.testing.assert_array_equal(line.get_xdata(), LENGTHS)
        np.testing.assert_allclose(line.get_ydata(), np.median(gaps, axis=1))
        corners = band.get_paths()[0].vertices
        for n, expected in zip(LENGTHS, np.percentile(gaps, (5, 95), axis=1).T, strict=True):
            heights = corners[corners[:, 0] == n, 1]
            np.testing.assert_allclose([heights.min(), heights.max()], expected)


def test_divergence_is_said_and_not_drawn(figure):
    """Fails if row sums of K that do not converge are drawn, or left out without a word."""
    fixed, scaled = figure.axes[0], figure.axes[3]
    assert "diverges elsewhere" not in " ".join(text.get_text() for text in fixed.texts)
    assert "diverges elsewhere" in " ".join(text.get_text() for text in scaled.texts)
    drawn = [line for line in scaled.lines if line.get_linestyle() == ":"]
    assert len(drawn) == len(LENGTHSCALES)
    assert all(len(line.get_xdata()) == 0 for line in drawn)


def test_bound_and_share(table, figure):
    """Fails if the theorem's line is not the bound, or the share counts prompts on which the rate fails."""
    bound = next(line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    np.testing.assert_allclose(bound.get_ydata(), [0.09 / (n + 0.09) for n in LENGTHS])
    rows = spherical(table, lengthscale=1.0, ridge=0.01)
    holds = [np.mean(rows.loc[rows["context_length"] == n, "factor"] <= 0.995) for n in LENGTHS]
    np.testing.assert_allclose(figure.axes[6].lines[0].get_ydata(), holds)
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert [axes.get_xlabel() for axes in figure.axes] == [""] * 6 + ["context length $N$"] * 3


def test_shown_ridges(table):
    """Fails if the rows show other ridges than the middle fixed one and the smallest scaled one."""
    assert (shown_ridge(table, "fixed"), shown_ridge(table, "scaled")) == (0.09, 0.1)


def test_description():
    """Fails if a broken bound is not said."""
    assert "bound holds on all" in describe_contraction(contraction_table(), SETTINGS)
    assert "FAILS on not all of" in describe_contraction(contraction_table().assign(bound=0.5), SETTINGS)


def test_a_further_law_and_lengthscale_are_drawn(table, monkeypatch):
    """Fails if a fourth law ends in a traceback or counts as adversarial, or a lengthscale is left out."""
    monkeypatch.setattr(contraction, "law_name", str)
    more = pd.concat([table, table[table["family"] == "spherical"].assign(family="mine")])
    more = pd.concat([more, more[more["lengthscale"] == 1.0].assign(lengthscale=4.0)])
    figure = contraction_figure(more, [*SETTINGS, "mine"], "smoke")
    before = contraction_figure(table, SETTINGS, "smoke")
    assert len(figure.axes) == len(before.axes) + 3
    assert len(figure.axes[0].collections) == len(LENGTHSCALES) + 1
    crosses = [[line for line in axes.lines if line.get_marker() == "x"] for axes in figure.axes]
    chosen = {"family": "all equal", "preconditioner": "ridge", "scaling": "fixed", "ridge": 0.09}
    adversarial = more[np.logical_and.reduce([more[column] == value for column, value in chosen.items()])]
    assert [len(found) for found in crosses] == [1, 0, 0, 0, 1, *[0] * 7]  # of the first column alone
    assert len(crosses[0][0].get_xdata()) == len(adversarial)


@picture("contraction")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
