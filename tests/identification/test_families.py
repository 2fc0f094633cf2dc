"""The families of candidates against the pipeline's solvers and against brute force, prompt by prompt."""

from itertools import islice

import numpy as np
import pytest
import torch

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.identification.families import FAMILIES, KRYLOV_STEPS, Candidates
from ickrr.identification.spectra import largest_shared_steps
from ickrr.solvers.system import KernelSystem

FIRST, BLOCKS = 2, 3


@pytest.fixture(scope="module")
def problem(make_problem):
    return make_problem(prompts=6)


@pytest.fixture(scope="module")
def candidates(problem, make_problem):
    shared = largest_shared_steps(make_problem(prompts=20, seed=1).kernel(), problem.ridge)
    return Candidates(problem, shared, FIRST, BLOCKS)


@pytest.mark.parametrize(
    ("family", "solver"),
    [
        ("PR", "preconditioned_richardson"),
        ("R", "richardson"),
        ("CG", "conjugate_gradient"),
        ("PCG", "preconditioned_cg"),
    ],
)
def test_members_at_whole_steps_are_the_iterates_of_the_solver(problem, candidates, family, solver):
    """Fails if a family is not the pipeline's own solver of that name."""
    system = KernelSystem(torch.from_numpy(problem.kernel()), torch.from_numpy(problem.y), problem.ridge)
    iterates = islice(SOLVERS.load(solver).iterate(system, SolverSettings()), 5)
    for step, expected in enumerate(iterates):
        found = candidates.at(family, step)
        np.testing.assert_allclose(found, expected.numpy()[:, FIRST:], atol=1e-9)


def test_closed_forms_solve_their_equations(problem, candidates):
    """Fails if "ridge" or "PR closed" is not the solution of its linear system, one prefix at a time."""
    ridge, closed = candidates.at("ridge", 0.5), candidates.at("PR closed", 20)
    kernel = problem.kernel()
    for b in range(6):
        for n in range(FIRST, 9):
            k, y = kernel[b, n, :n], problem.y[b, :n]
            matrix = kernel[b, :n, :n] + problem.ridge * np.eye(n)
            plain = k @ np.linalg.solve(kernel[b, :n, :n] + 0.5 * np.eye(n), y)
            weighted = k @ np.linalg.solve(matrix + np.diag(matrix.sum(axis=1)) / 20, y)
            assert ridge[b, n - FIRST] == pytest.approx(plain)
            assert closed[b, n - FIRST] == pytest.approx(weighted)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_member_is_its_own_nearest(candidates, family):
    """Fails if the fit of a family does not find a member of it, or another parameter."""
    parameter = {"ridge": 0.7, "smoother": 0.6, "CG": 2, "PCG": 3}.get(family, 6.0)
    layer = candidates.at(family, parameter)
    found = candidates.fit(family, layer)
    assert found.distance < 2e-3  # the grid is interpolated by a cubic
    assert found.parameters == pytest.approx(parameter, rel=0.03)


def test_tangents_are_derivatives(candidates):
    """Fails if the tangents do not span a member whose lengthscale or ridge is a little off."""
    for changed in ({"lengthscale": 1.03}, {"ridge": 1.1}):
        layer = candidates.member("PR", 6.0, **changed)
        found = candidates.fit("PR", layer)
        columns = np.stack([one.ravel() for one in (found.prediction, *found.tangents)], axis=1)
        rest = layer.ravel() - columns @ np.linalg.lstsq(columns, layer.ravel(), rcond=None)[0]
        assert np.linalg.norm(rest) < 0.05 * np.linalg.norm(layer - candidates.at("PR", 6.0))


def test_more_steps_than_are_run_are_refused(candidates):
    """Fails if a step of conjugate gradients beyond the last one is taken for another."""
    with pytest.raises(IndexError):
        candidates.at("CG", KRYLOV_STEPS + 1)


def test_nuisances_are_not_mixed_up(problem, candidates):
    """Fails if a nuisance has another shape, is owned by no family, or the ridge path is not at its best."""
    layer = candidates.at("ridge", 0.7)
    found = candidates.nuisances(layer)
    assert set(found) == {"", "ridge", "smoother", "CG"}
    assert all(column.shape == layer.shape for columns in found.values() for column in columns)
    np.testing.assert_allclose(found["ridge"][1], layer, rtol=1e-3, atol=1e-3)
