"""Tests of ickrr.solvers.trajectory, and of divergence where theory says so."""

import numpy as np
import pytest
import torch

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.solvers.solve import solve
from ickrr.solvers.trajectory import DIVERGED, mark_divergence


def test_divergence_is_recorded_from_its_first_step_on():
    """Fails if a lost iterate is missed, dated wrongly, or comes back to life."""
    predictions = torch.zeros(4, 1, 5, dtype=torch.float64)
    predictions[2, 0, 1] = torch.nan
    predictions[1, 0, 2] = -torch.inf
    predictions[3, 0, 3] = -2.1 * DIVERGED
    predictions[3, 0, 4] = 1.9 * DIVERGED
    labels = torch.tensor([[0.0, 1.0, -2.0, 0.0, 0.0]], dtype=torch.float64)
    trajectory = mark_divergence(predictions.clone(), labels)
    assert trajectory.diverged_at.tolist() == [[-1, 2, 1, 3, -1]]
    lost = torch.isnan(trajectory.predictions[:, 0]).T.tolist()
    assert lost == [
        [False] * 4,
        [False, False, True, True],
        [False, True, True, True],
        [False, False, False, True],
        [False] * 4,
    ]
    assert torch.equal(trajectory.predictions[:, :, 4], predictions[:, :, 4])


@pytest.mark.parametrize("noise_std", [0.9, 3.0])
def test_divergence_is_where_an_eigenvalue_exceeds_two(make_system, noise_std):
    """Fails if the row-sum preconditioner's divergence is not found exactly where theory puts it.

    The largest eigenvalue of P A decides each prefix; at n = 1 it is 1 + lambda. With the ridge in the row
    sums it never exceeds 1.
    """
    system = make_system(prompts=6, noise_std=noise_std, context_length=8)
    settings = SolverSettings()
    trajectory = solve("preconditioned_richardson_kernel", system, 4000, settings)
    largest = np.zeros((6, 9))
    for prompt, kernel in enumerate(system.kernel.numpy()):
        for n in range(1, 9):
            block = kernel[:n, :n]
            matrix = (block + system.ridge * np.eye(n)) / block.sum(axis=1)[:, None]
            largest[prompt, n] = np.linalg.eigvals(matrix).real.max()
    assert np.abs(largest - 2).min() > 0.01, "the draw is on the edge; take another seed"
    found = trajectory.diverged_at.numpy() >= 0
    np.testing.assert_array_equal(found, largest > 2)
    assert found[:, 1].all() == (noise_std > 1)
    assert np.isfinite(trajectory.predictions.numpy()[:, ~found]).all()
    assert np.isnan(trajectory.predictions.numpy()[-1, found]).all()
    safe = solve("preconditioned_richardson", system, 4000, settings)
    assert safe.diverged_at.eq(-1).all()


def test_divergence_of_one_prefix_leaves_the_others_alone(make_system):
    """Fails if infinities of one column reach prefixes that converge."""
    system = make_system(prompts=4, noise_std=1.3, lengthscale=3.0, context_length=8)
    long = solve("preconditioned_richardson_kernel", system, 4000, SolverSettings())
    short = solve("preconditioned_richardson_kernel", system, 30, SolverSettings())
    survivors = long.diverged_at < 0
    assert survivors[:, 1:].any()
    assert not survivors.all()
    assert torch.equal(long.predictions[30][survivors], short.predictions[30][survivors])
    assert torch.isfinite(long.predictions[-1][survivors]).all()


@pytest.mark.parametrize("name", sorted(set(SOLVERS) - {"preconditioned_richardson_kernel"}))
@pytest.mark.parametrize("noise_std", [0.0, 0.01, 3.0])
def test_the_others_never_diverge(make_system, name, noise_std):
    """Fails if rounding, converged residuals or an ill-conditioned kernel make a stable solver blow up."""
    system = make_system(noise_std=noise_std, context_length=12, lengthscale=2.0)
    assert solve(name, system, 300, SolverSettings()).diverged_at.eq(-1).all()
