import numpy as np
import pytest
from construction_tables import (
    ACCURACIES,
    LENGTHS,
    construction_cells,
    construction_layers,
    construction_widths,
)
from pictures import picture

from ickrr.report.figures.construction import (
    construction_figure,
    describe_construction,
    shown_accuracy,
    shown_case,
)


@pytest.fixture(scope="module")
def cells():
    return construction_cells()


@pytest.fixture(scope="module")
def figure(cells):
    return construction_figure(cells, construction_layers(cells), construction_widths(cells), "smoke")


def test_upper_panels_show_the_scaled_ridge_near_forty(cells, figure):
    """Fails if another ridge or context length is drawn, or its number is not said."""
    assert shown_case(cells) == ("scaled", 40)
    depth, width = figure.axes[:2]
    assert "$N$ = 40" in depth.get_title()
    measured, bound = depth.lines[:2]
    errors = np.maximum((40 / 44) ** np.array(measured.get_xdata(), dtype=float), 0.1 * ACCURACIES[0])
    np.testing.assert_allclose(measured.get_ydata(), errors)
    np.testing.assert_allclose(bound.get_ydata(), 8 * errors)
    chosen = round(20 * ACCURACIES[0] ** -0.5)
    np.testing.assert_array_equal(width.lines[0].get_xdata(), [chosen // 4, chosen // 2, chosen])
    assert len(depth.lines) == 2 * len(ACCURACIES[::2])


def test_lower_panels_set_the_smallest_against_the_theory(cells, figure):
    """Fails if a model that was not run has a smallest depth, or the theory's is left out for it."""
    assert shown_accuracy(cells) == 1e-2
    steps = figure.axes[2]
    theory, smallest = steps.lines[2:4]  # of the fixed ridge
    expected = [round(-np.log(1e6) / np.log(n / (n + 1))) for n in LENGTHS]
    np.testing.assert_array_equal(theory.get_xdata(), LENGTHS)
    np.testing.assert_array_equal(theory.get_ydata(), expected)
    np.testing.assert_array_equal(smallest.get_xdata(), LENGTHS[:2])
    np.testing.assert_array_equal(smallest.get_ydata(), [n // 2 for n in expected[:2]])
    assert "1e-02" in steps.get_title() or "0.01" in steps.get_title()


def test_description(cells):
    """Fails if models that were not run are counted, or a broken promise is not."""
    text = describe_construction(cells)
    assert "15 of 15 models that were run keep every promised bound" in text
    assert "2 theory only" in text and "1 beyond float64" in text and "0.1 times" in text
    broken = cells.assign(passed=cells["passed"] & (cells["accuracy"] > 1e-3))
    assert "10 of 15 models" in describe_construction(broken)


@picture("construction")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
