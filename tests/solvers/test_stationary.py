"""Tests of ickrr.solvers.stationary: rates against the spectrum, measured independently with NumPy."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem, converged

WEIGHTS = {
    "richardson": lambda a, k: np.full(len(a), 1 / np.linalg.norm(a, np.inf)),
    "preconditioned_richardson_kernel": lambda a, k: 1 / k.sum(axis=1),
    "preconditioned_richardson": lambda a, k: 1 / a.sum(axis=1),
}


def contraction(system, prompt, n, name):
    """Return rho = |I - W^1/2 A W^1/2| and the bound's constant |W^1/2 k_n| |W^-1/2 a|."""
    kernel = system.kernel[prompt].numpy()
    matrix = kernel[:n, :n] + system.ridge * np.eye(n)
    root = np.sqrt(WEIGHTS[name](matrix, kernel[:n, :n]))
    operator = np.eye(n) - root[:, None] * matrix * root
    limit = np.linalg.solve(matrix, system.labels[prompt, :n].numpy())
    constant = np.linalg.norm(root * kernel[n, :n]) * np.linalg.norm(limit / root)
    return np.abs(np.linalg.eigvalsh(operator)).max(), constant


@pytest.mark.parametrize("name", WEIGHTS)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 10**6),
    noise_std=st.floats(0.05, 0.9),
    lengthscale=st.floats(0.3, 3.0),
    context_length=st.integers(1, 8),
)
def test_errors_contract_by_the_spectral_radius(
    make_system, name, seed, noise_std, lengthscale, context_length
):
    """Fails if any step's error exceeds rho^t times its start in the norm in which I - W A contracts."""
    system = make_system(
        prompts=1, seed=seed, noise_std=noise_std, lengthscale=lengthscale, context_length=context_length
    )
    trajectory = solve(name, system, 40, SolverSettings())
    errors = (trajectory.predictions - converged(system)).abs().numpy()[:, 0]
    for n in range(1, context_length + 1):
        radius, constant = contraction(system, 0, n, name)
        bound = constant * radius ** np.arange(41)
        assert (errors[:, n] <= bound * (1 + 1e-9) + 1e-12).all()


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("mode", [0, 1, 4])
def test_the_rate_of_each_mode_is_its_eigenvalue(make_system, name, mode):
    """Fails if labels along one eigenvector of W A are not learned as 1 - (1 - eigenvalue)^t."""
    n = 5
    system = make_system(prompts=1, noise_std=0.5, context_length=n)
    kernel = system.kernel[0].numpy()
    matrix = kernel[:n, :n] + system.ridge * np.eye(n)
    root = np.sqrt(WEIGHTS[name](matrix, kernel[:n, :n]))
    values, vectors = np.linalg.eigh(root[:, None] * matrix * root)
    limit = root * vectors[:, mode]  # an eigenvector of W A
    labels = torch.zeros(1, n + 1, dtype=torch.float64)
    labels[0, :n] = torch.from_numpy(matrix @ limit)
    system = KernelSystem(system.kernel, labels, system.ridge)
    found = solve(name, system, 50, SolverSettings()).predictions[:, 0, n]
    expected = (1 - (1 - values[mode]) ** np.arange(51)) * (kernel[n, :n] @ limit)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_first_step_is_the_nadaraya_watson_smoother(make_system):
    """Fails if the preconditioner without ridge is not the softmax normaliser of its own prefix."""
    system = make_system(context_length=6)
    first = solve("preconditioned_richardson_kernel", system, 1, SolverSettings()).predictions[1]
    kernel, labels = system.kernel.numpy(), system.labels.numpy()
    for n in range(1, 7):
        coefficients = labels[:, :n] / kernel[:, :n, :n].sum(axis=2)
        np.testing.assert_allclose(first[:, n], (kernel[:, n, :n] * coefficients).sum(axis=1), rtol=1e-13)


@given(damping=st.floats(0.1, 1.9))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_jacobi_of_a_unit_diagonal_is_scaled_richardson(make_system, damping):
    """Fails if the documented identity breaks: for k(x, x) = 1 Jacobi is Richardson with a damped step."""
    system = make_system()
    jacobi = solve("damped_jacobi", system, 1, SolverSettings(jacobi_damping=damping))
    richardson = solve("richardson", system, 1, SolverSettings())
    torch.testing.assert_close(jacobi.predictions[1], damping * richardson.predictions[1])
