"""Tables of attributions, against sums by hand."""

import itertools

import numpy as np
import pytest

from ickrr.comparison.resamples import Resamples
from ickrr.identification.attribution import Attribution
from ickrr.identification.encompassing import Addition
from ickrr.identification.families import Fitted
from ickrr.identification.tables import attribution_table, encompassing_table

PROMPTS, LAYERS, SEEDS = 30, 4, (3, 5)


def invented(generator):
    nothing = np.zeros((1, 1))
    fitted = {name: Fitted(nothing, [], np.array([1.0, 2.0]), generator.uniform()) for name in ("PR", "R")}
    additions = {
        pair: Addition(generator.normal(), generator.normal(0, 0.01, PROMPTS), 0.2)
        for pair in itertools.permutations(fitted, 2)
    }
    return Attribution("PR", ("PR",), fitted, additions)


@pytest.fixture(scope="module")
def found():
    generator = np.random.default_rng(0)
    return {seed: [invented(generator) for _ in range(LAYERS + 1)] for seed in SEEDS}


@pytest.fixture(scope="module")
def tables(found):
    counted, resamples = slice(2, LAYERS), Resamples(PROMPTS, len(SEEDS), 200, 0, 0.9)
    added = {seed: [one.additions for one in layers] for seed, layers in found.items()}
    return {
        "attribution": attribution_table("run", found, counted),
        "encompassing": encompassing_table("run", added, counted, resamples),
    }


def test_layers_from_the_third_to_the_last_count(tables):
    """Fails if a first layer or the model's own readout counts, or the last layer does not."""
    counted = tables["attribution"].groupby("layer")["counted"].unique()
    assert {layer: list(values) for layer, values in counted.items()} == {
        1: [False],
        2: [False],
        3: [True],
        4: [True],
        5: [False],
    }


def test_means_are_over_seeds_and_counted_layers(found, tables):
    """Fails if a mean takes another layer, or weighs seeds unequally."""
    table = tables["encompassing"]
    means = table[table["seed"] == -1].set_index(["layer", "family", "other"])["coefficient"]
    for layer, pair in itertools.product(range(1, LAYERS + 2), itertools.permutations(("PR", "R"), 2)):
        expected = np.mean([found[seed][layer - 1].additions[pair].value for seed in SEEDS])
        # The influences of a prompt do not add up to zero here, as those of a fit do.
        shift = np.mean([found[seed][layer - 1].additions[pair].influence.sum() for seed in SEEDS])
        assert means[layer, *pair] == pytest.approx(expected + shift)
    for pair in itertools.permutations(("PR", "R"), 2):
        assert means[0, *pair] == pytest.approx(np.mean([means[layer, *pair] for layer in (3, 4)]))


def test_intervals_of_means_hold_the_mean(tables):
    """Fails if an interval belongs to another row."""
    table = tables["encompassing"]
    means = table[table["seed"] == -1]
    assert (means["low"] <= means["coefficient"]).all()
    assert (means["coefficient"] <= means["high"]).all()
