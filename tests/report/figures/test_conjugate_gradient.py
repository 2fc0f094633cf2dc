import numpy as np
import pytest
from conjugate_tables import STEPS, UNITS, cg_curves_table, cg_table
from pictures import picture

from ickrr.errors import FileError
from ickrr.report.figures.conjugate_gradient import (
    HIGHEST,
    LOWEST,
    conjugate_gradient_figure,
    describe_conjugate_gradient,
    last_position,
)


@pytest.fixture(scope="module")
def curves():
    return cg_curves_table()


@pytest.fixture(scope="module")
def figure(curves):
    return conjugate_gradient_figure(curves, cg_table(), "smoke")


@pytest.mark.parametrize(("panel", "family"), [(0, "well"), (1, "ill")])
def test_curves_are_the_tables_predictions(figure, curves, panel, family):
    """Fails if a panel shows another family, another measure, or other positions than the table."""
    rows = curves[(curves["family"] == family) & (curves["measure"] == "prediction")]
    stack = rows[rows["method"] == "built_cg"].sort_values("layer")
    line = figure.axes[panel].lines[0]
    np.testing.assert_allclose(line.get_xdata(), stack["position"])
    np.testing.assert_allclose(line.get_ydata(), stack["value"])
    relu = rows[(rows["method"] == "relu") & (rows["units"] == UNITS[-1])].sort_values("layer")
    np.testing.assert_allclose(figure.axes[panel].lines[1 + len(UNITS)].get_ydata(), relu["value"])
    marks = figure.axes[panel].lines[2 + len(UNITS)]
    assert marks.get_linestyle() == "None" and len(marks.get_ydata()) == STEPS + 1


def test_titles_and_note_come_from_the_summary(figure):
    """Fails if condition numbers or the blocks of a step are typed in."""
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [
        "(a) well-conditioned, median $\\kappa$ = 3.0",
        "(b) ill-conditioned, median $\\kappa$ = 30.0",
    ]
    assert any("a step is 5 blocks, with ReLU 7" in text.get_text() for text in figure.texts)


def test_axes_end_after_convergence(figure, curves):
    """Fails if the axis is as long as the grid, although both stacks have long converged."""
    rows = curves[(curves["family"] == "well") & (curves["measure"] == "prediction")]
    assert figure.axes[0].get_xlim() == (0, last_position(rows))
    assert 6 < last_position(rows) < STEPS
    assert figure.axes[1].get_ylim() == (LOWEST, HIGHEST)


def test_description(figure):
    """Fails if the sentences do not name errors and steps of both families, or a row may be missing."""
    text = describe_conjugate_gradient(cg_table())
    assert "well-conditioned: until convergence the built stack is within 1.0e-13 of CG" in text
    assert "Median steps: cg 50, pcg 70, richardson 4000" in text
    with pytest.raises(FileError, match="0 rows of quantity 'step_error', subject 'cg'"):
        describe_conjugate_gradient(cg_table().query("quantity != 'step_error'"))


@picture("conjugate_gradient")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
