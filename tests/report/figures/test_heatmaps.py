import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.heatmaps import describe_heatmaps, heatmaps_figure
from ickrr.report.matches import similarity_map
from ickrr.report.methods import short_name


@pytest.fixture(scope="module")
def similarity(toy):
    return pd.concat([toy.similarity(run, seeds=(0, 1), layers=3, steps=16) for run in "ab"])


@pytest.fixture(scope="module")
def matches(toy, similarity):
    return toy.matches(similarity)


def meshes(figure):
    return [axes.collections[0] for axes in figure.axes if axes.get_title().startswith("(")]


def test_one_panel_a_run_and_solver(similarity, matches):
    """Fails if a panel shows another run or solver than its title says."""
    figure = heatmaps_figure(similarity, matches, ["b", "a"], HEADLINE[:2], "smoke")
    expected = [(run, solver) for run in "ba" for solver in HEADLINE[:2]]
    titles = [axes.get_title()[4:] for axes in figure.axes if axes.get_title().startswith("(")]
    assert titles == [f"{run}, {short_name(solver)}" for run, solver in expected]
    for mesh, (run, solver) in zip(meshes(figure), expected, strict=True):
        values = similarity_map(similarity, run, solver).to_numpy()
        np.testing.assert_allclose(mesh.get_array().reshape(values.shape), values)


def test_solvers_of_one_run_have_no_run_in_their_titles(similarity, matches):
    """Fails if four panels of one run repeat its name, or an unused panel of the last row is visible."""
    figure = heatmaps_figure(similarity, matches, ["a"], HEADLINE[:3], "smoke")
    shown = [axes for axes in figure.axes if axes.get_visible() and axes.get_title().startswith("(")]
    assert [axes.get_title()[4:] for axes in shown] == [short_name(solver) for solver in HEADLINE[:3]]
    assert sum(not axes.get_visible() for axes in figure.axes) == 1


def test_every_panel_has_its_own_floor(similarity, matches):
    """Fails if the floor of one run is drawn on the colour bar of another."""
    changed = matches.copy()
    changed.loc[changed["run"] == "b", "floor"] = 0.7
    figure = heatmaps_figure(similarity, changed, ["a", "b"], [HEADLINE[0]], "smoke")
    bars = [axes for axes in figure.axes if axes.get_title(loc="left") == "SimE"]
    floors = [bar.get_yticklabels()[0].get_text() for bar in bars]
    assert floors == ["floor 0.58", "floor 0.70"]


def test_description_follows_the_tables(similarity, matches):
    """Fails if the sentence gives other peaks than the map has."""
    text = describe_heatmaps(similarity, matches, "a", HEADLINE)
    for solver in HEADLINE:
        values = similarity_map(similarity, "a", solver)
        assert f"{values[1].max():.3f} at layer 1 and {values[3].max():.3f} at layer 3" in text


@picture("heatmaps")
def test_picture(similarity, matches):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return heatmaps_figure(similarity, matches, ["b", "a"], HEADLINE[:2], "smoke")
