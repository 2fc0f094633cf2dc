"""Filters of solvers and of built models against their formula, and the fits against brute force."""

import numpy as np
import pytest

from ickrr.comparison.probed_model import probe
from ickrr.config.linearity import LinearitySettings
from ickrr.config.model import BuiltModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.constructions.richardson.controls import build_control
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import iterated, penalised, row_sum_weights, spectrum
from ickrr.linearity.filters import FilterFits, filter_columns, knots_of
from ickrr.randomness import torch_generator
from ickrr.tasks import bayes_ridge, sample_prompts

TASK = TaskSettings(context_length=12)
KNOTS = knots_of(LinearitySettings(knots=12, smallest=0.016))
STATISTICS = StatisticsSettings(bootstrap_draws=100)
LENGTHS = slice(4, 13)


@pytest.fixture(scope="module")
def drawn():
    return sample_prompts(TASK, 120, torch_generator(0, "filters"))


@pytest.fixture(scope="module")
def system(drawn):
    problem = Problem(drawn.x.numpy(), drawn.y.numpy(), TASK.lengthscale, bayes_ridge(TASK))
    return spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights).restricted(LENGTHS)


@pytest.fixture(scope="module")
def fits(system):
    return FilterFits(filter_columns(system, KNOTS), STATISTICS)


@pytest.mark.parametrize(
    ("weight", "formula"),
    [
        (iterated(3), lambda mu: 1 - (1 - mu) ** 3),
        (iterated(20), lambda mu: 1 - (1 - mu) ** 20),
        (penalised(0.1), lambda mu: mu / (mu + 0.1)),
        (penalised(0.0), np.ones_like),
    ],
    ids=["3 steps", "20 steps", "closed form", "converged"],
)
def test_filters_of_solvers_are_their_formulas(system, fits, weight, formula):
    """Fails if a filter is of other eigenvalues or scaled: linear between knots, it is near the formula."""
    found = fits.fit(system.predict(weight))
    np.testing.assert_allclose(found.values, formula(KNOTS), atol=0.04)
    assert found.left < 0.01


def test_filters_of_a_built_model_are_those_of_its_steps(drawn, system, fits):
    """Fails if layer l of the built model does not pass 1 - (1 - mu)^(l - setup) of the components."""
    model = BuiltModelSettings(
        layers=24, width=14, heads=1, mlp="bilinear", hidden=5, norm="none", layout="paired", sink=True
    )
    run = RunSettings(name="built", task_name="sphere", task=TASK, model=model, training=TrainingSettings())
    control = build_control("exact", run, 0)
    prompts = {"x": drawn.x.numpy(), "y": drawn.y.numpy()}
    layers = probe(control.model, prompts, prompts, ProbeSettings(), "own")["layers"].numpy()
    for layer in (control.setup + 1, control.setup + 3, control.setup + 7):
        found = fits.fit(layers[layer][:, LENGTHS])
        np.testing.assert_allclose(found.values, 1 - (1 - KNOTS) ** (layer - control.setup), atol=0.04)
        assert found.left < 0.01


def test_what_is_no_filter_is_left(system, fits):
    """Fails if predictions that no filter makes count as explained."""
    noise = np.random.default_rng(0).standard_normal(system.values.shape[:2])
    assert fits.fit(noise).left > 0.9


def test_fits_are_least_squares_of_resampled_prompts(system, fits):
    """Fails if a fit is not that of all rows stacked, or the intervals are not of resampled prompts."""
    prediction = system.predict(iterated(5))
    prediction += 0.1 * np.random.default_rng(1).standard_normal(prediction.shape)
    found, columns = fits.fit(prediction), filter_columns(system, KNOTS)

    def solved(prompts):
        design = columns[prompts].reshape(-1, len(KNOTS))
        return np.linalg.lstsq(design, prediction[prompts].ravel(), rcond=None)[0]

    np.testing.assert_allclose(found.values, solved(np.arange(120)), rtol=1e-6)
    generator = np.random.default_rng(2)
    draws = np.stack([solved(generator.integers(120, size=120)) for _ in range(100)])
    low, high = np.percentile(draws, [2.5, 97.5], axis=0)
    np.testing.assert_allclose(found.high - found.low, high - low, rtol=0.5)


def test_filters_apart_are_apart_in_predictions(system, fits):
    """Fails if the distance of two filters is not that of the predictions that they make."""
    one, other = (system.predict(iterated(steps)) for steps in (4, 9))
    first, second = fits.fit(one), fits.fit(other)
    expected = np.linalg.norm(one - other) / np.linalg.norm(one)
    assert fits.apart(first.values, second.values, one) == pytest.approx(expected, rel=0.02)


def test_a_knot_that_no_eigenvalue_is_near_has_no_value(system, fits):
    """Fails if it makes the fit impossible, or gets a value, or changes those of the others."""
    lower = np.concatenate(([KNOTS[0] / 4, KNOTS[0] / 2], KNOTS))
    wide = FilterFits(filter_columns(system, lower), STATISTICS)
    layer = system.predict(iterated(5))
    found, expected = wide.fit(layer), fits.fit(layer)
    assert np.isnan(found.values).tolist() == [True] + [False] * (len(lower) - 1)
    np.testing.assert_allclose(found.values[3:], expected.values[1:], atol=0.02)
    assert found.left == pytest.approx(expected.left, abs=1e-3)
    assert wide.apart(found.values, wide.fit(system.predict(iterated(9))).values, layer) > 0.01
