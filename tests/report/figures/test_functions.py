import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.functions import describe_functions, functions_figure, shown_layers

MAIN = HEADLINE[0]


@pytest.fixture(scope="module")
def functions(toy):
    return toy.functions("line", seeds=(0, 1)).sample(frac=1, random_state=0)


@pytest.fixture(scope="module")
def matches(toy):
    return toy.matches(toy.similarity("line", seeds=(0, 1)))


@pytest.fixture(scope="module")
def figure(functions, matches):
    return functions_figure(functions, matches, "line", MAIN, "smoke")


def line(functions, kind, step, n):
    rows = functions[(functions["seed"] == 0) & (functions["prompt"] == 0) & (functions["kind"] == kind)]
    rows = rows[(rows["context_length"] == n) & (rows["step"] == step)]
    return rows.sort_values("x")["value"].to_numpy()


def test_layer_and_its_matching_iterate_stand_in_one_panel(figure, functions, matches):
    """Fails if a panel shows another layer, another step than t*(l), or another context length."""
    steps = matches.query(f"seed == 0 and solver == '{MAIN}'").set_index("layer")["best_step"]
    for index, n in ((0, 4), (3, 12)):
        for place, layer in enumerate((1, 5, 8)):
            axes = figure.axes[index + place]
            posterior, iterate, shown, context = axes.lines
            np.testing.assert_array_equal(shown.get_ydata(), line(functions, "layer", layer, n))
            np.testing.assert_array_equal(iterate.get_ydata(), line(functions, "solver", steps[layer], n))
            np.testing.assert_array_equal(posterior.get_ydata(), line(functions, "posterior", 0, n))
            assert len(context.get_xdata()) == n
            assert f"layer {layer}, step {steps[layer]}" in axes.get_title()


def test_band_is_two_standard_deviations(figure, functions):
    """Fails if the band is of another width than the legend says."""
    band = figure.axes[0].collections[0].get_paths()[0].vertices[:, 1]
    rows = functions[(functions["kind"] == "posterior") & (functions["context_length"] == 4)]
    rows = rows[rows["prompt"] == 0]
    assert band.max() == pytest.approx((rows["value"] + 2 * rows["sd"]).max())
    assert band.min() == pytest.approx((rows["value"] - 2 * rows["sd"]).min())


def test_a_diverging_iterate_does_not_set_the_axis(functions, matches):
    """Fails if one iterate that runs away flattens everything else."""
    wild = functions.copy()
    wild.loc[wild["kind"] == "solver", "value"] *= 1e6
    axes = functions_figure(wild, matches, "line", MAIN, "smoke").axes[0]
    assert axes.get_ylim()[1] < 10


def test_many_layers_are_thinned_to_three(toy):
    """Fails if a deep model gets more panels than fit, or loses its first or last layer."""
    layers = shown_layers(toy.functions("line", layers=24, steps=1))
    assert len(layers) == 3
    assert layers[0] == 1
    assert layers[-1] == 24


def test_a_missing_iterate_is_refused(functions, matches):
    """Fails if a panel silently lacks the solver."""
    early = functions[(functions["kind"] != "solver") | (functions["step"] < 10)]
    with pytest.raises(ValueError, match="no 'solver' curve at step"):
        functions_figure(early, matches, "line", MAIN, "smoke")


def test_description_follows_the_tables(functions, matches):
    """Fails if the distances are not those of the last layer's curve."""
    text = describe_functions(functions, matches, "line", MAIN)
    last = line(functions, "layer", 8, 12)
    gap = np.sqrt(np.mean((last - line(functions, "posterior", 0, 12)) ** 2))
    assert f"{gap:.2g} from the posterior mean" in text
    assert "after layer 8" in text


def test_an_absent_run_is_refused(functions, matches):
    """Fails if a figure is drawn from nothing."""
    with pytest.raises(ValueError, match="no rows of run 'b'"):
        functions_figure(pd.DataFrame(functions), matches, "b", MAIN, "smoke")


@picture("functions")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
