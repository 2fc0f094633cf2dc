"""Tests of ickrr.solvers.krylov."""

import mpmath
import numpy as np
import pytest
import scipy.sparse.linalg
import torch

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.chebyshev import spectral_interval
from ickrr.solvers.solve import solve
from ickrr.solvers.system import converged


def scipy_predictions(system, prompt, n, steps, preconditioned):
    """Return the predictions of scipy.sparse.linalg.cg's iterates for one prefix."""
    kernel, labels = system.kernel[prompt].numpy(), system.labels[prompt].numpy()
    matrix = kernel[:n, :n] + system.ridge * np.eye(n)
    found = []
    scipy.sparse.linalg.cg(
        matrix,
        labels[:n],
        rtol=0,
        maxiter=steps,
        M=np.diag(1 / matrix.sum(axis=1)) if preconditioned else None,
        callback=lambda coefficients: found.append(kernel[n, :n] @ coefficients),
    )
    return np.array(found)


def exact_predictions(system, prompt, n, steps, preconditioned):
    """Return the predictions of preconditioned conjugate gradients in 60-digit arithmetic."""
    mpmath.mp.dps = 60
    kernel = system.kernel[prompt].numpy()
    matrix = mpmath.matrix((kernel[:n, :n] + system.ridge * np.eye(n)).tolist())
    query = mpmath.matrix([kernel[n, :n].tolist()])
    inverse = mpmath.diag([1 / sum(matrix[i, :]) if preconditioned else 1 for i in range(n)])
    residual = mpmath.matrix(system.labels[prompt, :n].tolist())
    coefficients, direction = mpmath.zeros(n, 1), inverse * residual
    found = []
    for _ in range(steps):
        image = matrix * direction
        size = (residual.T * inverse * residual)[0]
        step = size / (direction.T * image)[0]
        coefficients = coefficients + step * direction
        residual = residual - step * image
        momentum = (residual.T * inverse * residual)[0] / size
        direction = inverse * residual + momentum * direction
        found.append(float((query * coefficients)[0]))
    return np.array(found)


@pytest.mark.parametrize("name", ["conjugate_gradient", "preconditioned_cg"])
def test_iterates_are_scipys(make_system, name):
    """Fails if an iterate of any prefix differs from scipy.sparse.linalg.cg's, step by step."""
    system = make_system(noise_std=1.0, context_length=12)
    predictions = solve(name, system, 6, SolverSettings()).predictions
    for prompt in range(len(system.labels)):
        for n in range(6, 13):
            expected = scipy_predictions(system, prompt, n, 6, name == "preconditioned_cg")
            np.testing.assert_allclose(predictions[1:, prompt, n], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize("name", ["conjugate_gradient", "preconditioned_cg"])
def test_rounding_is_no_worse_than_scipys(make_system, name):
    """Fails if rounding takes the iterates further from exact arithmetic than it takes SciPy's.

    With lambda = 0.09 and n = 20 the loss of orthogonality is amplified to 1e-3 around step 13, in any
    implementation; two of them agree no better than that.
    """
    system = make_system(context_length=20)
    predictions = solve(name, system, 18, SolverSettings()).predictions.numpy()
    case = (name == "preconditioned_cg",)
    ours, scipys = np.zeros(18), np.zeros(18)
    for prompt in range(3):
        exact = exact_predictions(system, prompt, 20, 18, *case)
        ours = np.maximum(ours, np.abs(predictions[1:, prompt, 20] - exact))
        scipys = np.maximum(scipys, np.abs(scipy_predictions(system, prompt, 20, 18, *case) - exact))
    assert (ours <= 5 * scipys + 1e-13).all()
    assert ours[:6].max() < 1e-10


@pytest.mark.parametrize("name", ["conjugate_gradient", "preconditioned_cg"])
@pytest.mark.parametrize("kernel", ["gaussian", "laplace"])
def test_exact_within_n_steps_and_then_at_rest(make_system, name, kernel):
    """Fails if context length n is not solved after n steps, or a converged system moves (0/0, rounding)."""
    system = make_system(prompts=8, kernel=kernel, noise_std=1.0, context_length=10)
    predictions = solve(name, system, 400, SolverSettings()).predictions
    limit = converged(system)
    for n in range(1, 11):
        torch.testing.assert_close(predictions[n, :, n], limit[:, n], rtol=0, atol=1e-10)
    assert torch.equal(predictions[200:], predictions[200:201].expand(201, -1, -1))


def test_one_step_solves_multiples_of_the_identity(make_system):
    """Fails if points too far apart to interact need more than the one step that theory gives them."""
    system = make_system(law="gaussian", dimension=20, lengthscale=0.01)
    for name in ("conjugate_gradient", "preconditioned_cg", "chebyshev"):
        trajectory = solve(name, system, 3, SolverSettings())
        torch.testing.assert_close(trajectory.predictions[1], converged(system))
        assert torch.isfinite(trajectory.predictions).all()


def test_spectral_interval_is_that_of_each_prefix(make_system):
    """Fails if padding or a neighbouring prefix leaks into the extreme eigenvalues."""
    system = make_system(prompts=2, context_length=10)
    smallest, largest = spectral_interval(system)
    for prompt in range(2):
        for n in range(1, 11):
            matrix = system.kernel[prompt, :n, :n].numpy() + system.ridge * np.eye(n)
            values = np.linalg.svd(matrix, compute_uv=False)
            assert largest[prompt, n].item() == pytest.approx(values[0], rel=1e-12)
            assert smallest[prompt, n].item() == pytest.approx(values[-1], rel=1e-10)


def test_chebyshev_keeps_its_bound(make_system):
    """Fails if the residual polynomial is not the minimax one: error <= 2 q^t/(1+q^2t) in the A-norm."""
    system = make_system(prompts=4, noise_std=0.3, context_length=15)
    errors = (solve("chebyshev", system, 40, SolverSettings()).predictions - converged(system)).abs()
    steps = np.arange(41)
    for prompt in range(4):
        for n in range(2, 16):
            kernel = system.kernel[prompt].numpy()
            matrix = kernel[:n, :n] + system.ridge * np.eye(n)
            values = np.linalg.eigvalsh(matrix)
            root = np.sqrt(values[-1] / values[0])
            rate = (root - 1) / (root + 1)
            start = np.linalg.solve(matrix, system.labels[prompt, :n].numpy())
            constant = np.linalg.norm(kernel[n, :n]) * np.linalg.norm(start)
            bound = constant * 2 * rate**steps / (1 + rate ** (2 * steps))
            assert (errors[:, prompt, n].numpy() <= bound + 1e-11).all()
