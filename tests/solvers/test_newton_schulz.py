"""Tests of ickrr.solvers.newton_schulz."""

import numpy as np
import pytest
import torch

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem, converged


@pytest.mark.parametrize("noise_std", [0.1, 0.3, 3.0])
def test_steps_are_powers_of_the_starting_residual(make_system, noise_std):
    """Fails if step t is not (1 - (1 - a/|A|)^(2^(t-1))) / a on every eigenvalue a: the closed form."""
    system = make_system(prompts=2, noise_std=noise_std, context_length=10)
    trajectory = solve("newton_schulz", system, 40, SolverSettings())
    for prompt in range(2):
        for n in range(1, 11):
            kernel = system.kernel[prompt].numpy()
            matrix = kernel[:n, :n] + system.ridge * np.eye(n)
            values, vectors = np.linalg.eigh(matrix)
            start = 1 - values / np.linalg.norm(matrix, np.inf)
            query, labels = vectors.T @ kernel[n, :n], vectors.T @ system.labels[prompt, :n].numpy()
            expected = [
                np.sum(query * (1 - start ** (2.0 ** (t - 1))) / values * labels) for t in range(1, 41)
            ]
            np.testing.assert_allclose(trajectory.predictions[1:, prompt, n], expected, rtol=0, atol=1e-10)


def test_converged_inverse_stays_put(make_system):
    """Fails if rounding moves or blows up an inverse that has converged."""
    system = make_system(prompts=4, noise_std=0.03, context_length=15)
    predictions = solve("newton_schulz", system, 300, SolverSettings()).predictions
    assert torch.equal(predictions[60:], predictions[60:61].expand(241, -1, -1))
    torch.testing.assert_close(predictions[-1], converged(system), rtol=0, atol=1e-10)


def test_prompts_that_converge_early_rest_while_others_go_on(make_system):
    """Fails if a prompt's recursion stops, or goes on, because of another prompt's convergence."""
    easy = make_system(prompts=4, noise_std=0.1, lengthscale=0.3, context_length=12)
    hard = make_system(prompts=4, noise_std=0.1, lengthscale=5.0, context_length=12)
    both = KernelSystem(
        torch.cat([easy.kernel, hard.kernel]), torch.cat([easy.labels, hard.labels]), easy.ridge
    )
    predictions = solve("newton_schulz", both, 40, SolverSettings()).predictions
    rest = predictions[12:, :4]
    assert torch.equal(rest, rest[:1].expand_as(rest))
    assert not torch.equal(predictions[12, 4:], predictions[13, 4:])
    torch.testing.assert_close(predictions[-1], converged(both), rtol=0, atol=1e-10)


def test_numerically_singular_kernels_stay_finite(make_system):
    """Fails if an inverse that cannot reach the tolerance drifts away from the exact solution."""
    system = make_system(noise_std=0.0, dimension=1, lengthscale=3.0, context_length=15)
    trajectory = solve("newton_schulz", system, 200, SolverSettings())
    assert torch.isfinite(trajectory.predictions).all()
    error = (trajectory.predictions[-1] - converged(system)).abs().max()
    assert error < 1e-3 * system.labels.abs().max()
