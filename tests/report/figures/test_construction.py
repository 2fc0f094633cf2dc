import numpy as np
import pandas as pd
import pytest

from ickrr.report.figures.construction import (
    construction_figure,
    describe_construction,
    shown_accuracy,
    shown_case,
)

ACCURACIES = (1e-1, 1e-2, 1e-3)
LENGTHS = (10, 40, 320)


@pytest.fixture(scope="module")
def cells() -> pd.DataFrame:
    """A scaled and a fixed ridge; the longest context of the fixed one from the theory alone."""
    rows = []
    for name, scaling, ridge in (("scaled", "scaled", 0.1), ("fixed", "fixed", 1.0)):
        for n in LENGTHS:
            for accuracy in ACCURACIES:
                verified = scaling == "scaled" or n < 320
                rows.append(
                    {
                        "name": name,
                        "scaling": scaling,
                        "ridge": ridge,
                        "context_length": n,
                        "accuracy": accuracy,
                        "status": "verified" if verified else "theory",
                        "steps": round(n * -np.log10(accuracy)),
                        "width": round(100 * accuracy**-0.5),
                        "prompts": 60 if verified else 0,
                        "error": accuracy / 2 if verified else np.nan,
                        "smallest_steps": n // 2 if verified else 0,
                        "smallest_width": 50 if verified else 0,
                        "passed": verified,
                    }
                )
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def figure(cells):
    layers = pd.DataFrame(
        {
            "name": "scaled",
            "context_length": n,
            "accuracy": a,
            "layer": k,
            "error": 2.0**-k,
            "bound": 2.0 ** (1 - k),
        }
        for n in LENGTHS
        for a in ACCURACIES
        for k in range(5)
    )
    widths = pd.DataFrame(
        {"name": "scaled", "context_length": n, "accuracy": a, "width": w, "error": 10.0 / w**2}
        for n in LENGTHS
        for a in ACCURACIES
        for w in (20, 10, 40)
    )
    return construction_figure(cells, layers, widths, "smoke")


def test_upper_panels_show_the_scaled_ridge_near_forty(cells, figure):
    """Fails if another ridge or context length is drawn, or its number is not said."""
    assert shown_case(cells) == ("scaled", 40)
    depth, width = figure.axes[:2]
    assert "N = 40" in depth.get_title()
    measured, bound = depth.lines[:2]
    np.testing.assert_allclose(measured.get_ydata(), 2.0 ** -np.arange(5))
    np.testing.assert_allclose(bound.get_ydata(), 2.0 ** (1 - np.arange(5)))
    np.testing.assert_array_equal(width.lines[0].get_xdata(), [10, 20, 40])
    assert len(depth.lines) == 2 * len(ACCURACIES)


def test_lower_panels_set_the_smallest_against_the_theory(cells, figure):
    """Fails if a model that was not run has a smallest depth, or the theory's is left out for it."""
    assert shown_accuracy(cells) == 1e-2
    steps = figure.axes[2]
    theory, smallest = steps.lines[2:4]  # of the fixed ridge
    np.testing.assert_array_equal(theory.get_xdata(), LENGTHS)
    np.testing.assert_array_equal(theory.get_ydata(), [20, 80, 640])
    np.testing.assert_array_equal(smallest.get_xdata(), [10, 40])
    assert "1e-02" in steps.get_title() or "0.01" in steps.get_title()


def test_description(cells):
    """Fails if models that were not run are counted, or a broken promise is not."""
    text = describe_construction(cells)
    assert "15 of 15 models that were run keep every promised bound" in text
    assert "3 theory" in text and "0.5 times" in text
    broken = cells.assign(passed=cells["passed"] & (cells["accuracy"] > 1e-3))
    assert "10 of 15 models" in describe_construction(broken)
