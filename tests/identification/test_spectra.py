"""Filters against the iterations, matrix equations and flows that they stand for, one system at a time."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import expm

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.identification.spectra import (
    Spectrum,
    chebyshev,
    constant_weights,
    first_weights,
    flowed,
    iterated,
    largest_shared_steps,
    norm_weights,
    penalised,
    row_sum_weights,
    spectrum,
    squared,
    truncated,
)
from ickrr.solvers.system import KernelSystem


def systems(problem):
    """Every prompt and prefix: b, n, A_n, k_n, y."""
    kernel = problem.kernel()
    for b in range(len(kernel)):
        for n in range(1, kernel.shape[1]):
            matrix = kernel[b, :n, :n] + problem.ridge * np.eye(n)
            yield b, n, matrix, kernel[b, n, :n], problem.y[b, :n]


@pytest.mark.parametrize(
    ("solver", "weights"),
    [("preconditioned_richardson", row_sum_weights), ("richardson", norm_weights)],
)
def test_whole_steps_are_the_solvers_iterates(make_problem, solver, weights):
    """Fails if a filter at t steps is not step t of the pipeline's own solver, for any prefix."""
    problem = make_problem()
    found = spectrum(problem.kernel(), problem.y, problem.ridge, weights)
    system = KernelSystem(torch.from_numpy(problem.kernel()), torch.from_numpy(problem.y), problem.ridge)
    for step, iterate in enumerate(islice(SOLVERS.load(solver).iterate(system, SolverSettings()), 12)):
        np.testing.assert_allclose(found.predict(iterated(step)), iterate.numpy(), atol=1e-12)


def test_closed_form_is_a_ridge_proportional_to_row_sums(make_problem):
    """Fails if `penalised` does not solve (A + c diag(A 1)) a = y, or c = 0 not A a = y."""
    problem = make_problem()
    for c in (0.0, 0.2):
        found = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights).predict(penalised(c))
        for b, n, matrix, row, y in systems(problem):
            expected = row @ np.linalg.solve(matrix + c * np.diag(matrix.sum(axis=1)), y)
            assert found[b, n] == pytest.approx(expected, abs=1e-11)


def test_flow_is_a_matrix_exponential(make_problem):
    """Fails if `flowed` is not k' A^-1 (I - exp(-t A P)) y."""
    problem = make_problem(prompts=2, context_length=5)
    found = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights).predict(flowed(3.0))
    for b, n, matrix, row, y in systems(problem):
        weights = np.diag(1 / matrix.sum(axis=1))
        residual = expm(-3.0 * matrix @ weights) @ y
        assert found[b, n] == pytest.approx(row @ np.linalg.solve(matrix, y - residual), abs=1e-11)


def test_newton_is_its_matrix_iteration(make_problem):
    """Fails if `squared` is not M <- M (2 I - A M) from A / ||A||_inf^2."""
    problem = make_problem(prompts=2, context_length=6)
    found = spectrum(problem.kernel(), problem.y, problem.ridge, norm_weights).predict(squared(2**3))
    for b, n, matrix, row, y in systems(problem):
        inverse = matrix / matrix.sum(axis=1).max() ** 2
        for _ in range(3):
            inverse = inverse @ (2 * np.eye(n) - matrix @ inverse)
        assert found[b, n] == pytest.approx(row @ inverse @ y, abs=1e-11)


def test_principal_components(make_problem):
    """Fails if `truncated` keeps another part of the spectrum than eigenvalues from the threshold on."""
    problem = make_problem(prompts=2, context_length=6)
    found = spectrum(problem.kernel(), problem.y, problem.ridge, norm_weights).predict(truncated(0.2))
    for b, n, matrix, row, y in systems(problem):
        values, vectors = np.linalg.eigh(matrix)
        kept = vectors[:, values >= 0.2 * matrix.sum(axis=1).max()]
        expected = row @ kept @ np.linalg.solve(kept.T @ matrix @ kept, kept.T @ y) if kept.size else 0.0
        assert found[b, n] == pytest.approx(expected, abs=1e-11)


@given(st.floats(0.01, 0.999), st.floats(0.1, 50), st.floats(0.1, 50))
def test_steps_add_up(s, first, second):
    """Fails if a + b steps do not leave the product of what a and b leave."""
    value = np.array([[[s]]])
    left = [1 - value * iterated(steps)(value) for steps in (first, second, first + second)]
    np.testing.assert_allclose(left[0] * left[1], left[2], atol=1e-12)


@given(st.floats(0, 1), st.integers(0, 8))
def test_chebyshev_is_the_polynomial(s, degree):
    """Fails if the cosine form is not the polynomial."""
    expected = np.polynomial.chebyshev.chebval(2 * s - 1, np.eye(degree + 1)[degree])
    np.testing.assert_allclose(chebyshev(degree)(np.array(s)), expected, atol=1e-12)


def test_shared_step_never_overshoots_on_its_prompts(make_problem):
    """Fails if the shared step makes an eigenvalue exceed 1, or is not the largest that does not."""
    problem = make_problem(prompts=20)
    steps = largest_shared_steps(problem.kernel(), problem.ridge)
    values = spectrum(problem.kernel(), problem.y, problem.ridge, constant_weights(steps)).values
    for n in range(2, 9):
        assert values[:, n, :n].max() == pytest.approx(1, abs=1e-12)


def test_an_eigenvalue_beyond_one_counts_as_one():
    """Fails if a shared step that overshoots gives NaN at a real-valued step."""
    beyond = Spectrum(np.array([[[1.2]]]), np.ones((1, 1, 1)))
    assert beyond.predict(iterated(2.5))[0, 0] == pytest.approx(1 / 1.2)


@pytest.mark.parametrize("weights", [norm_weights, constant_weights(np.linspace(0.2, 0.4, 9))])
def test_a_common_weight_and_another_ridge_move_the_spectrum(make_problem, weights):
    """Fails if eigenvalues are scaled before the ridge is added, or a prefix gets the weight of another."""
    problem = make_problem()
    kernel, ridge = problem.kernel(), problem.ridge
    plain = spectrum(kernel, problem.y, ridge, constant_weights(np.ones(9)))
    moved = plain.moved(0.5 - ridge, first_weights(kernel, 0.5, weights))
    direct = spectrum(kernel, problem.y, 0.5, weights)
    for filtered in (iterated(3.5), penalised(0.1)):
        np.testing.assert_allclose(moved.predict(filtered), direct.predict(filtered), atol=1e-10)
