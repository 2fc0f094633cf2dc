"""The figure of the way through a training, against the tables that it draws."""

import numpy as np
import pandas as pd
import pytest
from identification_tables import along, attribution, encompassing
from pictures import picture

from ickrr.report.figures.along_training import (
    ADDED,
    FAMILIES,
    along_training_figure,
    describe_along_training,
)

SEEDS = [3, 4]
STEPS = (2, 20, 200)


@pytest.fixture(scope="module")
def tables():
    generator = np.random.default_rng(0)
    curve = pd.DataFrame(
        [
            ("a", seed, step, 0.3 / step**0.5 + 0.01 * seed, 0.4)
            for seed in SEEDS
            for step in range(20, 201, 20)
        ],
        columns=["run", "seed", "step", "excess_risk", "bayes_risk"],
    )
    return (
        curve,
        along(attribution, "a", generator, SEEDS, STEPS),
        along(encompassing, "a", generator, SEEDS, STEPS),
    )


@pytest.fixture(scope="module")
def figure(tables):
    return along_training_figure(*tables, "a", "smoke")


def test_distances_are_means_of_the_layers_that_count(tables, figure):
    """Fails if a layer that does not count is averaged in, or a family or a step is mistaken for another."""
    drawn = {line.get_gid(): line for line in figure.axes[1].lines}
    assert set(drawn) == set(FAMILIES)
    for family, line in drawn.items():
        rows = tables[1][(tables[1]["family"] == family) & tables[1]["counted"]]
        expected = [rows[rows["step"] == step]["distance"].to_numpy().mean() for step in STEPS]
        np.testing.assert_allclose(line.get_ydata(), expected)
        assert list(line.get_xdata()) == list(STEPS)


def test_coefficients_are_the_means_over_seeds_and_layers(tables, figure):
    """Fails if a single seed or layer is drawn, or the two families are exchanged."""
    drawn = {line.get_gid(): line for line in figure.axes[2].lines}
    found = tables[2].set_index(["step", "seed", "layer", "family", "other"])["coefficient"]
    for family, other in ADDED:
        expected = [found[step, -1, 0, family, other] for step in STEPS]
        np.testing.assert_allclose(drawn[f"{other} to {family}"].get_ydata(), expected)


def test_each_seed_has_its_excess_risk(tables, figure):
    """Fails if seeds are averaged, or one is left out."""
    curves = [line.get_ydata() for line in figure.axes[0].lines if line.get_gid() == "seed"]
    expected = [rows["excess_risk"].to_numpy() for _, rows in tables[0].groupby("seed")]
    np.testing.assert_array_equal(curves, expected)


def test_an_absent_run_is_named(tables):
    """Fails if an empty figure is drawn of a run that the tables lack."""
    with pytest.raises(ValueError, match="table learning_curve has no rows of run 'b'"):
        along_training_figure(*tables, "b", "smoke")


def test_the_description_names_the_nearest_family_of_each_step(tables):
    """Fails if the farthest is named, or the coefficients of another step are given."""
    said = describe_along_training(*tables[1:], "a")
    assert "kernel smoothing after 2, preconditioned Richardson after 20" in said
    last = tables[2][(tables[2]["step"] == 200) & (tables[2]["seed"] == -1) & (tables[2]["layer"] == 0)]
    added = last.set_index(["family", "other"])["coefficient"]
    assert f"adds {added['R', 'PR']:.2f} to Richardson, and Richardson {added['PR', 'R']:.2f}" in said


@picture("along_training")
def test_picture_of_the_way_through_a_training(tables):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return along_training_figure(*tables, "a", "smoke")
