import numpy as np
import pytest
from conjugate_tables import RIDGES, width_curves_table, width_table
from pictures import picture

from ickrr.config.conjugate_gradient import PROJECTIONS
from ickrr.report.figures.width import LOOKS, describe_width, width_figure


def test_every_projection_is_drawn():
    """Fails if a projection is made and not drawn."""
    assert tuple(LOOKS) == PROJECTIONS


@pytest.fixture(scope="module")
def figure():
    return width_figure(width_curves_table(), "smoke")


def test_curves_are_means_over_seeds(figure):
    """Fails if a curve mixes ridges or projections, or includes the ranks at multiples of d_eff."""
    assert len(figure.axes) == len(RIDGES)
    for axes in figure.axes:
        gaussian, eigenspace = axes.lines[:2]
        assert list(gaussian.get_xdata()) == [1, 4, 16, 64]
        np.testing.assert_allclose(gaussian.get_ydata(), 1.25 * np.array([1, 4, 16, 64]) ** -0.5)
        np.testing.assert_allclose(eigenspace.get_ydata(), 1.25 / np.array([1, 4, 16, 64]))


def test_effective_dimension_and_stack_are_marked(figure):
    """Fails if d_eff is that of another ridge, or the stack's points stand in a panel of another one."""
    for axes, ridge in zip(figure.axes, RIDGES, strict=True):
        stack, line = axes.lines[2:4]
        assert line.get_xdata()[0] == pytest.approx(12 / ridge**0.4)
        assert len(stack.get_xdata()) == (4 if ridge == 1.0 else 0)


def test_description():
    """Fails if falls are not given with their intervals, or the stack's distance is left out."""
    text = describe_width(width_table())
    assert (
        "effective dimension 12: from half of it to twice it the error falls to 0.5 [0.4, 0.6] (gaussian)"
        in text
    )
    assert "within 1.0e-14 of the algebra" in text


@picture("width")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
