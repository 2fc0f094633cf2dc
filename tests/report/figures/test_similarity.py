from itertools import pairwise

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.similarity import describe_similarity, similarity_figure
from ickrr.report.matches import best_steps, mean_floor, similarity_map
from ickrr.report.style import save

MAIN = HEADLINE[0]


@pytest.fixture(scope="module")
def similarity(toy):
    return toy.similarity("a")


@pytest.fixture(scope="module")
def matches(toy, similarity):
    return toy.matches(similarity)


@pytest.fixture(scope="module")
def figure(similarity, matches):
    return similarity_figure(similarity, matches, ["a"], HEADLINE, MAIN, "smoke")


def test_heatmap_holds_the_seed_mean(figure, similarity):
    """Fails if the map is transposed, shifted, or of another solver."""
    mesh = figure.axes[0].collections[0]
    shown = mesh.get_array().reshape(65, 9)
    rows = similarity[similarity["solver"] == MAIN]
    for layer, step in ((0, 0), (3, 7), (8, 64)):
        at = rows[(rows["layer"] == layer) & (rows["step"] == step)]["similarity"]
        assert shown[step, layer] == pytest.approx(at.mean())


def test_best_step_is_boxed_with_its_value(figure, similarity):
    """Fails if a box stands on another step than the maximum of its column, or tells another value."""
    axes = figure.axes[0]
    boxes = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    values = similarity_map(similarity, "a", MAIN)
    assert len(boxes) == len(axes.texts) == 9
    for layer, box, text in zip(values.columns, boxes, axes.texts, strict=True):
        assert box.get_y() + box.get_height() / 2 == pytest.approx(values[layer].idxmax())
        assert box.get_x() + 0.5 == pytest.approx(layer)
        assert text.get_text() == f"{values[layer].max():.3f}"


def test_floor_is_on_the_colour_bar(figure, matches):
    """Fails if a reader cannot see which similarity means nothing."""
    floor = matches[(matches["solver"] == MAIN) & (matches["layer"] > 0)]["floor"].mean()
    assert mean_floor(matches, "a", MAIN) == pytest.approx(floor)
    labels = [label.get_text() for label in figure.axes[2].get_yticklabels()]
    assert f"floor {floor:.2f}" in labels


def test_best_steps_are_the_tables(figure, matches):
    """Fails if a marker stands at another step than the mean over seeds, or an interval is cut short."""
    for index, solver in enumerate(HEADLINE):
        rows = matches[matches["solver"] == solver]
        found = best_steps(matches, "a", solver)
        np.testing.assert_allclose(found.step, rows.groupby("layer")["best_step"].mean())
        np.testing.assert_array_equal(found.low, rows.groupby("layer")["best_step_low"].min())
        np.testing.assert_array_equal(found.high, rows.groupby("layer")["best_step_high"].max())
        drawn = [line for line in figure.axes[1].lines if line.get_gid() != "censored"][index]
        kept = ~found.censored
        np.testing.assert_allclose(drawn.get_ydata()[kept], found.step[kept])
        assert np.isnan(drawn.get_ydata()[~kept]).all()


def test_censored_layers_are_open_markers_on_the_edge(figure, matches):
    """Fails if a censored best step is drawn as if it had been found, or joined to the others."""
    censored = [line for line in figure.axes[1].lines if line.get_gid() == "censored"]
    layers = matches[(matches["solver"] == "richardson") & matches["censored"]]["layer"].unique()
    assert len(layers) >= 1
    assert len(censored) == 1
    assert len(censored[0].get_xdata()) == len(layers)
    assert set(censored[0].get_ydata()) == {64}
    assert censored[0].get_markerfacecolor() == "white"
    assert censored[0].get_linestyle() == "None"


def test_censored_in_one_seed_counts_as_censored(matches):
    """Fails if the mean over a found and a censored best step is shown as a finding."""
    changed = matches.copy()
    one = (changed["solver"] == MAIN) & (changed["layer"] == 4) & (changed["seed"] == 1)
    changed.loc[one, "censored"] = True
    assert best_steps(changed, "a", MAIN).censored.tolist() == [i == 4 for i in range(9)]


def test_a_layer_without_a_best_step_has_none(matches):
    """Fails if the NaN of one seed's layer is averaged away."""
    changed = matches.astype({"best_step": float})
    one = (changed["solver"] == MAIN) & (changed["layer"] == 4) & (changed["seed"] == 1)
    changed.loc[one, "best_step"] = np.nan
    assert np.isnan(best_steps(changed, "a", MAIN).step).tolist() == [i == 4 for i in range(9)]


def test_diverged_cells_stay_empty(similarity):
    """Fails if the NaN of one seed is averaged away, so that a diverged solver looks like a match."""
    changed = similarity.copy()
    cell = (changed["solver"] == MAIN) & (changed["step"] == 60) & (changed["seed"] == 0)
    changed.loc[cell, "similarity"] = np.nan
    values = similarity_map(changed, "a", MAIN)
    assert values.loc[60].isna().all()
    assert values.drop(index=60).notna().all().all()


@pytest.mark.parametrize("layers", [3, 24])
def test_values_fit_between_their_neighbours(toy, layers, tmp_path):
    """Fails if the values in the heatmap overlap each other at any of the depths we train."""
    similarity = toy.similarity("a", seeds=(0,), layers=layers, steps=256 if layers == 24 else 32)
    figure = similarity_figure(similarity, toy.matches(similarity), ["a"], HEADLINE, MAIN, "paper")
    save(figure, tmp_path / "a")  # lays the figure out
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    # The box of a line of text is taller than its digits, by the room for descenders.
    digits = [box.expanded(0.8, 1.0) if layers == 24 else box for box in boxes]
    assert not any(a.overlaps(b) for a, b in pairwise(digits))


def test_absent_rows_are_refused(similarity, matches):
    """Fails if a panel is drawn from nothing."""
    with pytest.raises(ValueError, match="no rows of run 'b'"):
        similarity_map(similarity, "b", MAIN)
    with pytest.raises(ValueError, match="no rows of run 'b'"):
        best_steps(matches, "b", MAIN)


def test_description_follows_the_tables(similarity, matches):
    """Fails if the sentences say something that the tables do not."""
    text = describe_similarity(similarity, matches, "a", HEADLINE, MAIN)
    values = similarity_map(similarity, "a", MAIN)
    rows = matches[(matches["solver"] == "richardson") & (matches["layer"] > 0)]
    assert f"{values[1].max():.3f} at layer 1 to {values[8].max():.3f} at layer 8" in text
    assert f"Richardson {rows.groupby('layer')['censored'].any().sum()}" in text


@picture("similarity")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
