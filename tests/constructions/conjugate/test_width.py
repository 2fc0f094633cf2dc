"""Projections of representations: errors against ridge regression in the primal, and the built stack."""

import numpy as np
import pytest

from ickrr.config.conjugate_gradient import WidthSettings
from ickrr.constructions.conjugate.width import (
    draw_seed,
    effective_dimension,
    measure,
    measure_stack,
    ranks_of,
    relative_error,
)

SETTINGS = WidthSettings(
    dimension=20,
    context_length=14,
    queries=6,
    seeds=3,
    ranks=[2, 8, 20],
    stack_ranks=[3],
    stack_seeds=2,
    stack_steps=30,
)


def primal(features, labels, queries, ridge):
    """Ridge regression in the primal: w = (F'F + ridge I)^-1 F'y."""
    weights = np.linalg.solve(features.T @ features + ridge * np.eye(features.shape[1]), features.T @ labels)
    return queries @ weights


def arrays(drawn):
    return (part[0].numpy() for part in (drawn.prompts.x, drawn.prompts.y, drawn.prompts.queries))


def test_errors_are_those_of_primal_ridge_regression():
    """Fails if an error is not the distance of the projected primal solution to the full one."""
    drawn = draw_seed(SETTINGS, 1)
    x, y, queries = arrays(drawn)
    for row in measure(SETTINGS, 1):
        projection = drawn.projection(row["projection"], row["rank"]).numpy()
        full = primal(x, y, queries, row["ridge"])
        found = primal(x @ projection, y, queries @ projection, row["ridge"])
        wanted = np.sqrt(np.mean((found - full) ** 2) / np.mean(full**2))
        assert row["error"] == pytest.approx(wanted, rel=1e-6, abs=1e-10)


def test_effective_dimension_is_of_the_full_kernel():
    """Fails if d_eff is not tr K (K + ridge I)^-1, computed here by a solve."""
    drawn = draw_seed(SETTINGS, 0)
    x, _, _ = arrays(drawn)
    for ridge in (0.1, 10.0):
        kernel = x @ x.T
        wanted = np.trace(np.linalg.solve(kernel + ridge * np.eye(14), kernel))
        assert effective_dimension(drawn.at(ridge)) == pytest.approx(wanted)


def test_eigenspace_is_the_best_kernel_of_its_rank():
    """Fails if the oracle's kernel is not the best approximation of rank r (Eckart and Young)."""
    drawn = draw_seed(SETTINGS, 2)
    x, _, _ = arrays(drawn)
    values = np.sort(np.linalg.eigvalsh(x @ x.T))[::-1]
    found = x @ drawn.projection("eigenspace", 5).numpy()
    assert np.linalg.norm(x @ x.T - found @ found.T, 2) == pytest.approx(values[5])


def test_gaussian_kernels_are_right_in_the_mean():
    """Fails if the Gaussian projection is not scaled so that E S S' = I."""
    drawn = [draw_seed(SETTINGS, seed).projection("gaussian", 8).numpy() for seed in range(400)]
    mean = np.mean([projection @ projection.T for projection in drawn], axis=0)
    assert np.abs(mean - np.eye(20)).max() < 5 * np.sqrt(2 / 8 / 400)


def test_decay_of_the_spectrum():
    """Fails if the mean squares of the coordinates are not proportional to j^-decay with sum 1."""
    squares = np.mean([np.mean(draw_seed(SETTINGS, s).prompts.x[0].numpy() ** 2, 0) for s in range(300)], 0)
    wanted = np.arange(1, 21) ** -2.0
    np.testing.assert_allclose(squares, wanted / wanted.sum(), rtol=0.15)


def test_ranks_at_multiples():
    """Fails if ranks are not rounded, or leave 1 to d."""
    assert ranks_of(SETTINGS, 6.6) == {0.5: 3, 1.0: 7, 2.0: 13, 4.0: 20}
    assert ranks_of(SETTINGS, 0.3)[0.5] == 1


def test_seeds_are_independent_and_reproducible():
    """Fails if two seeds share a prompt or a projection, or one seed gives two."""
    first, again, other = (draw_seed(SETTINGS, seed) for seed in (0, 0, 1))
    assert first.normal.equal(again.normal) and first.prompts.x.equal(again.prompts.x)
    assert not first.normal.equal(other.normal) and not first.prompts.y.equal(other.prompts.y)


def test_built_stack_is_the_algebra():
    """Fails if conjugate gradients with heads of width r are not regression on the r projected channels."""
    drawn = draw_seed(SETTINGS, 1)
    x, y, queries = arrays(drawn)
    row = measure_stack(SETTINGS, 1, 3)
    projection = drawn.projection("gaussian", 3).numpy()
    full, found = primal(x, y, queries, 1.0), primal(x @ projection, y, queries @ projection, 1.0)
    assert row["ridge"] == 1.0 and row["gap"] < 1e-10
    assert row["error"] == pytest.approx(np.linalg.norm(found - full) / np.linalg.norm(full), rel=1e-8)


def test_relative_error_of_itself():
    """Fails if a prediction is at a distance from itself."""
    full = draw_seed(SETTINGS, 0).prompts.system.solution()
    assert relative_error(full, full) == 0
