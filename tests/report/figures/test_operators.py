import numpy as np
import pytest
from operator_tables import detail_table, dials_table
from pictures import picture

from ickrr.report.figures.operators import describe_operators, operators_figure


@pytest.fixture(scope="module")
def detail():
    return detail_table()


@pytest.fixture(scope="module")
def dials():
    return dials_table()


@pytest.fixture(scope="module")
def figure(detail, dials):
    return operators_figure(detail, dials, "smoke")


def lines(axes):
    return {line.get_gid(): line for line in axes.lines if line.get_gid()}


def test_controls_are_drawn_beside_the_trained_heads(figure, detail):
    """Fails if a control is left out, or a panel mixes kernels, runs or levels of the dials."""
    panels = [("spherical", "gaussian"), ("spherical", "representation"), ("paired", "gaussian")]
    for axes, (run, target) in zip(figure.axes, panels, strict=False):
        inside = detail[
            (detail["run"] == run) & (detail["target"] == target) & (detail["dial"] == "in_distribution")
        ]
        for control, line in lines(axes).items():
            if control != "heads":
                rows = inside[inside["control"] == control]
                np.testing.assert_allclose(line.get_ydata(), rows.groupby("layer")["distance"].mean())
        assert set(lines(axes)) == {"heads", "trained", "shuffled", "random", "flat"}
        heads = inside[inside["control"] == "trained"].groupby(["layer", "rows", "head"])
        assert len(lines(axes)["heads"].get_ydata()) == len(heads)


def test_every_dial_has_a_panel_on_shared_axes(figure, dials):
    """Fails if a level is out of order, a run is missing, or panels cannot be compared with each other."""
    lower = figure.axes[4:]
    assert len(lower) == 6
    assert len({axes.get_ylim() for axes in lower}) == 1
    assert {axes.get_yscale() for axes in lower} == {"log"}
    for axes in lower:
        dial = axes.get_title().split(") ")[1]
        drawn = lines(axes)
        assert len(drawn) == 6
        for gid, line in drawn.items():
            run, quantity = gid.split()
            rows = dials[(dials["run"] == run) & (dials["dial"] == dial) & (dials["quantity"] == quantity)]
            np.testing.assert_allclose(line.get_ydata(), rows["value"])
        shown = [float(text.get_text()) for text in axes.get_xticklabels()]
        assert shown == rows["level"].tolist()


def test_a_missing_control_is_refused(detail, dials):
    """Fails if a panel silently lacks what the trained model is held against."""
    with pytest.raises(ValueError, match="no rows of control 'flat'"):
        operators_figure(detail[detail["control"] != "flat"], dials, "smoke")


def test_description_follows_the_tables(detail, dials):
    """Fails if the sentence takes distances for errors, or another run's."""
    text = describe_operators(detail, dials, "paired")
    assert text.startswith("Run `paired`")
    assert "from the kernel of the inputs, 0.27 (trained), 0.47 (shuffled points)" in text
    assert "noise: deviation 27 times, distance of the best head 1.33 times" in text


@picture("operators")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
