"""The whole instrument on known algorithms and a few hundred prompts, and what pseudo-layers are made of."""

import numpy as np
import pytest
import torch

from ickrr.comparison.bootstrap import resample_weights
from ickrr.identification.cases import Solvers, held_out, known, nulls
from ickrr.identification.instrument import build
from ickrr.identification.prompts import blocks_of
from ickrr.identification.pseudo import Side, pseudo_layer
from ickrr.solvers.krylov import conjugate_gradients
from ickrr.solvers.system import KernelSystem


def iterates_of(problem, steps=12):
    system = KernelSystem(torch.from_numpy(problem.kernel()), torch.from_numpy(problem.y), problem.ridge)
    weights = {"CG": system.mask, "PCG": system.masked_inverse(system.row_sums + system.ridge)}
    found = {}
    for name, weight in weights.items():
        walk = conjugate_gradients(system, weight)
        found[name] = np.stack([next(walk).numpy().copy() for _ in range(steps + 1)])
    return found


@pytest.fixture(scope="module")
def problem(make_problem):
    return make_problem(prompts=240, context_length=20)


@pytest.fixture(scope="module")
def solvers(problem):
    return Solvers(problem, iterates_of(problem))


@pytest.fixture(scope="module")
def instrument(problem, solvers):
    return build(problem, solvers.iterates, resample_weights(240, 100, 0), 0.95)


def noisy(exact, share=0.05, seed=0):
    noise = np.random.default_rng(seed).standard_normal(exact.shape)
    return (exact + share * exact[:, 4:].std() * noise)[:, 4:]


@pytest.mark.parametrize("step", [3, 7.5, 15])
def test_candidates_are_told_apart(solvers, instrument, step):
    """Fails if either candidate with 5 % noise is not named, at real-valued steps too."""
    assert (
        instrument.compare(noisy(solvers.predict("PR", step)), "R", "PR").coefficients.verdict()
        == "B encompasses A"
    )
    assert (
        instrument.compare(noisy(solvers.predict("R", step)), "R", "PR").coefficients.verdict()
        == "A encompasses B"
    )


@pytest.mark.parametrize(
    ("name", "step", "first"),
    [
        ("PR closed", 20, "PR closed"),
        ("PCG", 2, "PCG"),
        ("PCG", 2, "R"),
        ("ridge", 20, "R"),
        ("ridge", 20, "ridge"),
    ],
)
def test_others_are_not_called_preconditioned_richardson(solvers, instrument, name, step, first):
    """Fails if a closed form with row sums, preconditioned CG or a larger ridge passes for Richardson."""
    layer = noisy(solvers.predict(name, step))
    assert instrument.compare(layer, first, "PR").coefficients.verdict() != "B encompasses A"


def test_one_coefficient_alone_is_fooled(solvers, instrument):
    """Fails if preconditioned CG no longer shows why both coefficients are needed: that of PR is near 1."""
    found = instrument.compare(noisy(solvers.predict("PCG", 2)), "R", "PR").coefficients
    assert found.second.value > 0.7
    assert found.first.value < -0.5


def test_all_cases_are_finite_and_of_the_prompts_shape(problem, solvers):
    """Fails if a case has NaN, another shape, or a prediction without context."""
    generator = np.random.default_rng(0)
    chebyshev = np.zeros((13, *problem.y.shape))
    for cases in (nulls(problem), known(solvers, generator), held_out(solvers, chebyshev, generator)):
        for name, predictions in cases.items():
            assert predictions.shape == problem.y.shape, name
            assert np.isfinite(predictions).all(), name


def test_a_probe_reads_the_only_signal(problem):
    """Fails if a probe misses labels in a stream without noise, or sees those of the evaluation."""
    generator = np.random.default_rng(0)
    half = np.arange(240) < 120
    sides = [Side(np.zeros((120, 21, 8)), problem.y[part]) for part in (half, ~half)]
    sides[0].stream[..., 0] = 1e-3 * generator.standard_normal((120, 21))
    signals = [(problem.y[half], problem.y[~half])]
    found = pseudo_layer(sides[0], Side(sides[1].stream, np.zeros((120, 21))), signals, 0.0, 0.0, generator)
    np.testing.assert_allclose(found, problem.y[~half], atol=1e-6)


def test_blocks_cover_the_context_lengths():
    """Fails if a context length is in no block or in two."""
    found = blocks_of(np.arange(4, 21), (4, 8, 12, 16))
    np.testing.assert_array_equal(np.concatenate(found), np.arange(17))
    assert [len(block) for block in found] == [4, 4, 4, 5]
