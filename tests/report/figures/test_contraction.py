import numpy as np
import pandas as pd
import pytest

from ickrr.report.figures.contraction import contraction_figure, describe_contraction, shown_ridge

LENGTHS = (10, 100)
LENGTHSCALES = (0.5, 1.0, 2.0)
FACTORS = np.linspace(0.5, 0.9, 21)  # of twenty-one prompts, the same in every cell


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Three lengthscales, three fixed ridges and a scaled one; factors grow with N by a known amount."""
    rows = []
    for scaling, ridge in (("fixed", 0.01), ("fixed", 0.09), ("fixed", 1.0), ("scaled", 0.1)):
        for lengthscale in LENGTHSCALES:
            for n in LENGTHS:
                for preconditioner in ("ridge", "kernel"):
                    for prompt, factor in enumerate(FACTORS):
                        gap = (1 - factor) * 10 / n / lengthscale
                        diverges = preconditioner == "kernel" and scaling == "scaled"
                        rows.append(
                            {
                                "family": "spherical",
                                "lengthscale": lengthscale,
                                "scaling": scaling,
                                "ridge": ridge,
                                "preconditioner": preconditioner,
                                "context_length": n,
                                "prompt": prompt,
                                "factor": 1.5 if diverges else 1 - gap,
                                "bound": 1 - 0.01 * 10 / n,
                                "gap_rate": 0.7,
                            }
                        )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def figure(table):
    return contraction_figure(table, "smoke")


def test_lines_are_medians_with_nine_tenths_around_them(figure):
    """Fails if a curve is a mean, mixes ridges or lengthscales, or its band is another interval."""
    fixed = figure.axes[0]
    lines = fixed.lines[: 2 * len(LENGTHSCALES) : 2]  # every other one belongs to the row sums of K
    for lengthscale, line, band in zip(LENGTHSCALES, lines, fixed.collections, strict=True):
        gaps = np.array([(1 - FACTORS) * 10 / n / lengthscale for n in LENGTHS])  # (N, prompts)
        np.testing.assert_array_equal(line.get_xdata(), LENGTHS)
        np.testing.assert_allclose(line.get_ydata(), np.median(gaps, axis=1))
        corners = band.get_paths()[0].vertices
        for n, expected in zip(LENGTHS, np.percentile(gaps, (5, 95), axis=1).T, strict=True):
            heights = corners[corners[:, 0] == n, 1]
            np.testing.assert_allclose([heights.min(), heights.max()], expected)


def test_divergence_is_said_and_not_drawn(figure):
    """Fails if row sums of K that do not converge are drawn, or left out without a word."""
    fixed, scaled = figure.axes[0], figure.axes[1]
    assert "diverges elsewhere" not in " ".join(text.get_text() for text in fixed.texts)
    assert "diverges elsewhere" in " ".join(text.get_text() for text in scaled.texts)
    drawn = [line for line in scaled.lines if line.get_linestyle() == ":"]
    assert all(len(line.get_xdata()) == 0 for line in drawn)


def test_bound_and_share(figure):
    """Fails if the theorem's line is not the bound, or the share counts prompts on which the rate fails."""
    bound = next(line for line in figure.axes[0].lines if line.get_linestyle() == "--")
    np.testing.assert_allclose(bound.get_ydata(), [0.01, 0.001])
    share = figure.axes[2].lines[0]
    holds = [np.mean(1 - (1 - FACTORS) * 10 / n <= 0.7) for n in LENGTHS]
    np.testing.assert_allclose(share.get_ydata(), holds)
    assert figure.axes[0].get_xscale() == figure.axes[0].get_yscale() == "log"
    assert [axes.get_xlabel() for axes in figure.axes] == ["", "", "context length $N$"]


def test_shown_ridges(table):
    """Fails if the rows show other ridges than the middle fixed one and the smallest scaled one."""
    assert (shown_ridge(table, "fixed"), shown_ridge(table, "scaled")) == (0.09, 0.1)


def test_description(table):
    """Fails if a broken bound is not said."""
    assert "bound holds on all" in describe_contraction(table)
    broken = table.assign(bound=0.5)
    assert "FAILS on not all of" in describe_contraction(broken)
