"""All solvers against a loop over prompts and prefixes, one step at a time, written out in NumPy."""

from functools import partial

import numpy as np
import pytest
import scipy.linalg
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem, converged

STEPS = 12


def stationary_run(weights, matrix, kernel, labels, options):
    """Coefficients of a <- a + W (y - A a) with the diagonal of W made from (A, K)."""
    diagonal = weights(matrix, kernel, options)
    coefficients = np.zeros(len(labels))
    while True:
        yield coefficients
        coefficients = coefficients + diagonal * (labels - matrix @ coefficients)


def krylov_run(metric, matrix, kernel, labels, options):
    """Minimise the A-norm of the error over the Krylov space, by a dense least-squares fit to its basis."""
    limit = np.linalg.solve(matrix, labels)
    inverse = np.diag(metric(matrix))
    root = scipy.linalg.cholesky(matrix)  # A = R^T R, so the A-norm of v is |R v|
    basis = np.zeros((len(labels), 0))
    vector = inverse @ labels
    while True:
        fit = basis @ np.linalg.lstsq(root @ basis, root @ limit)[0] if basis.size else 0 * labels
        yield fit
        if basis.shape[1] < len(labels):
            vector = vector - basis @ (basis.T @ vector)
            vector = vector - basis @ (basis.T @ vector)
            vector = vector / np.linalg.norm(vector)
            basis = np.column_stack([basis, vector])
            vector = inverse @ (matrix @ vector)


def newton_run(inverse, matrix, kernel, labels, options):
    yield np.zeros(len(labels))
    inverse = inverse(matrix)
    while True:
        yield inverse @ labels
        inverse = inverse @ (2 * np.eye(len(labels)) - matrix @ inverse)


def chebyshev_run(matrix, kernel, labels, options):
    """The residual polynomial T_t((c - A)/d) / T_t(c/d), evaluated on the eigenvalues."""
    values, vectors = np.linalg.eigh(matrix)
    center, half = (values[-1] + values[0]) / 2, (values[-1] - values[0]) / 2
    step = 0
    while True:
        if half < 1e-12:
            residual = np.full(len(values), float(step == 0))
        else:
            polynomial = np.polynomial.chebyshev.Chebyshev.basis(step)
            residual = polynomial((center - values) / half) / polynomial(center / half)
        yield vectors @ ((1 - residual) / values * (vectors.T @ labels))
        step += 1


def stationary_with(weights):
    return lambda *arguments: stationary_run(weights, *arguments)


def krylov_with(metric):
    return lambda *arguments: krylov_run(metric, *arguments)


def jacobi_weights(matrix, kernel, options):
    diagonal = np.diag(matrix)
    norm = np.linalg.norm(matrix / diagonal[:, None], np.inf)
    return options.jacobi_damping / norm / diagonal


BRUTE_FORCE = {
    "preconditioned_richardson_kernel": stationary_with(lambda a, k, o: o.omega / k.sum(axis=1)),
    "preconditioned_richardson": stationary_with(lambda a, k, o: o.omega / a.sum(axis=1)),
    "preconditioned_richardson_relaxed": stationary_with(lambda a, k, o: o.omega / a.sum(axis=1)),
    "richardson": stationary_with(lambda a, k, o: 1 / np.linalg.norm(a, np.inf) + np.zeros(len(a))),
    "damped_jacobi": stationary_with(jacobi_weights),
    "conjugate_gradient": krylov_with(lambda a: np.ones(len(a))),
    "preconditioned_cg": krylov_with(lambda a: 1 / a.sum(axis=1)),
    "richardson_shared": stationary_with(lambda a, k, o: np.ones(len(a)) / (len(a) + a[0, 0] - k[0, 0])),
    "newton_schulz": partial(newton_run, lambda a: np.eye(len(a)) / np.linalg.norm(a, np.inf)),
    "newton": partial(newton_run, lambda a: a / np.linalg.norm(a, np.inf) ** 2),
    "chebyshev": chebyshev_run,
}


def brute_force(name, system, steps, options):
    """Return predictions (T+1, B, N+1), every prompt and prefix solved on its own."""
    predictions = np.zeros((steps + 1, *system.labels.shape))
    for prompt, (kernel, labels) in enumerate(zip(system.kernel.numpy(), system.labels.numpy(), strict=True)):
        for n in range(1, system.points):
            matrix = kernel[:n, :n] + system.ridge * np.eye(n)
            run = BRUTE_FORCE[name](matrix, kernel[:n, :n], labels[:n], options)
            for step in range(steps + 1):
                predictions[step, prompt, n] = kernel[n, :n] @ next(run)
    return predictions


def test_every_solver_has_a_brute_force_check():
    """Fails if a solver is added that is compared with nothing."""
    assert set(SOLVERS) == set(BRUTE_FORCE)


@pytest.mark.parametrize("name", SOLVERS)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    noise_std=st.floats(0.2, 1.5),
    kernel=st.sampled_from(["gaussian", "matern32", "matern52", "laplace"]),
    omega=st.floats(0.5, 1.2),
    context_length=st.integers(1, 9),
)
def test_every_step_of_every_prefix_is_its_separate_solve(
    make_system, name, seed, noise_std, kernel, omega, context_length
):
    """Fails if masking lets one prefix see another, or if any step differs from the textbook iteration."""
    system = make_system(
        prompts=2, seed=seed, noise_std=noise_std, kernel=kernel, context_length=context_length
    )
    options = SolverSettings(omega=omega, jacobi_damping=1.5)
    found = solve(name, system, STEPS, options)
    assert found.diverged_at.eq(-1).all()
    expected = brute_force(name, system, STEPS, options)
    # Two orders of summation; conjugate gradients divide by residuals that shrink to rounding, which blows
    # up the difference in ill-conditioned systems (2.8e-9 was met).
    tolerance = 1e-7 if name in ("conjugate_gradient", "preconditioned_cg") else 1e-9
    np.testing.assert_allclose(found.predictions, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", SOLVERS)
def test_fixed_point_is_kernel_ridge_regression(make_system, name):
    """Fails if a solver converges to anything but the exact posterior mean, or moves on from it."""
    system = make_system(noise_std=1.0, context_length=6)
    trajectory = solve(name, system, 600, SolverSettings(omega=0.9))
    limit = converged(system)
    torch.testing.assert_close(trajectory.predictions[-1], limit, rtol=0, atol=1e-10)
    torch.testing.assert_close(trajectory.predictions[-100], limit, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", SOLVERS)
def test_all_start_at_the_zero_predictor(make_system, name):
    """Fails if step 0 or the empty context predicts anything but 0, or a shape is off."""
    trajectory = solve(name, make_system(prompts=3, context_length=5), 4, SolverSettings())
    assert trajectory.predictions.shape == (5, 3, 6)
    assert trajectory.diverged_at.shape == (3, 6)
    assert trajectory.diverged_at.dtype == torch.int64
    assert trajectory.predictions[0].eq(0).all()
    assert trajectory.predictions[:, :, 0].eq(0).all()
    assert trajectory.predictions[1:, :, 1:].ne(0).all()


@pytest.mark.parametrize("name", SOLVERS)
def test_chunks_do_not_change_results(make_system, name):
    """Fails if a prompt's trajectory depends on the prompts that it is solved with."""
    system = make_system(prompts=5)
    whole = solve(name, system, 10, SolverSettings(chunk_prompts=5))
    parts = solve(name, system, 10, SolverSettings(chunk_prompts=2))
    torch.testing.assert_close(whole.predictions, parts.predictions, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", SOLVERS)
def test_results_are_repeatable(make_system, name):
    """Fails if two identical calls differ in a single bit."""
    system = make_system(prompts=5)
    first, second = (solve(name, system, 10, SolverSettings()) for _ in range(2))
    assert torch.equal(first.predictions, second.predictions)


@pytest.mark.parametrize("name", SOLVERS)
def test_zero_labels_are_solved(name):
    """Fails if a right-hand side of zero gives 0/0."""
    kernel = torch.eye(4, dtype=torch.float64).expand(2, 4, 4)
    system = KernelSystem(kernel, torch.zeros(2, 4, dtype=torch.float64), 0.09)
    trajectory = solve(name, system, 5, SolverSettings())
    assert trajectory.predictions.eq(0).all()
    assert trajectory.diverged_at.eq(-1).all()
