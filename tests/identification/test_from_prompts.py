"""What preconditioned Richardson adds to Richardson, computed a second time from the inputs and labels alone.

The reference side takes nothing from the package: it goes through prompts and context lengths one by one. The
definitions and numbers of docs/identification.md and of `ickrr.identification.families` are typed here again.
"""

import numpy as np
import pytest

from ickrr.identification.attribution import attribute
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import largest_shared_steps

PROMPTS, PAIRS, FIRST = 14, 9, 3
LENGTHSCALE, RIDGE = 0.7, 0.09
BLOCKS = [[0, 1, 2], [3, 4], [5, 6]]  # of the context lengths 3 to 9, as in thirds

STEPS = np.geomspace(0.1, 3000, 40)
RIDGES = np.geomspace(1e-3, 100, 30)


def gaussian(one, other, lengthscale):
    return np.exp(-sum((a - b) ** 2 for a, b in zip(one, other, strict=True)) / (2 * lengthscale**2))


def each_system(x, y, lengthscale):
    """Yield place, kernel between the first n points, their kernel with the query, and their labels."""
    for b in range(PROMPTS):
        for c, n in enumerate(range(FIRST, PAIRS + 1)):
            matrix = np.array([[gaussian(x[b, i], x[b, j], lengthscale) for j in range(n)] for i in range(n)])
            query = np.array([gaussian(x[b, n], x[b, j], lengthscale) for j in range(n)])
            yield (b, c), matrix, query, y[b, :n]


def empty():
    return np.zeros((PROMPTS, PAIRS + 1 - FIRST))


def diagonal(name, system):
    """Return the diagonal of W: the inverse row sums of A, or one over the largest of them for all points."""
    sums = np.array([sum(row) for row in system])
    return 1 / sums if name == "PR" else np.full(len(sums), 1 / max(sums))


def iterated(name, x, y, steps, lengthscale=LENGTHSCALE, ridge=RIDGE):
    """Return k' a after some real number of steps a <- a + W (y - A a) from zero; one number for each length.

    In the basis of W A a step leaves a share 1 - s of what is missing along each eigenvector, and tau steps
    leave (1 - s)^tau. The basis is that of W A itself, which is not symmetric.
    """
    found = empty()
    for (b, c), matrix, query, labels in each_system(x, y, lengthscale):
        system = matrix + ridge * np.eye(len(labels))
        values, vectors = np.linalg.eig(diagonal(name, system)[:, None] * system)
        missing = np.linalg.solve(vectors, np.linalg.solve(system, labels))
        left = np.maximum(1 - values.real, 0) ** steps[c]
        found[b, c] = (query @ vectors @ ((1 - left) * missing)).real
    return found


def walked(name, x, y, steps):
    """Return the same for a whole number of steps, taken one after the other."""
    found = empty()
    for (b, c), matrix, query, labels in each_system(x, y, LENGTHSCALE):
        system = matrix + RIDGE * np.eye(len(labels))
        a = np.zeros(len(labels))
        for _ in range(steps):
            a = a + diagonal(name, system) * (labels - system @ a)
        found[b, c] = query @ a
    return found


def ridge_regression(x, y, ridge, lengthscale=LENGTHSCALE):
    found = empty()
    for place, matrix, query, labels in each_system(x, y, lengthscale):
        found[place] = query @ np.linalg.solve(matrix + ridge * np.eye(len(labels)), labels)
    return found


def smoothed(x, y, bandwidth):
    found = empty()
    for place, _, query, labels in each_system(x, y, bandwidth * LENGTHSCALE):
        found[place] = query @ labels / sum(query)
    return found


def conjugate_gradients(x, y, steps):
    found = empty()
    for place, matrix, query, labels in each_system(x, y, LENGTHSCALE):
        system = matrix + RIDGE * np.eye(len(labels))
        a, rest = np.zeros(len(labels)), labels
        direction = rest
        for _ in range(steps):
            size = (rest @ rest) / (direction @ system @ direction)
            a, after = a + size * direction, rest - size * (system @ direction)
            direction = after + (after @ after) / (rest @ rest) * direction
            rest = after
        found[place] = query @ a
    return found


def between(grid, position):
    """Return a family at a fraction of its grid, and its slope: cubics through values with central slopes."""
    last = len(grid) - 1
    below = min(int(position), last - 1)
    t = position - below
    start, end = grid[below], grid[below + 1]
    leaving = (end - grid[below - 1]) / 2 if below > 0 else end - start
    arriving = (grid[below + 2] - start) / 2 if below < last - 1 else end - start
    value = (2 * t**3 - 3 * t**2 + 1) * start + (t**3 - 2 * t**2 + t) * leaving
    value = value + (3 * t**2 - 2 * t**3) * end + (t**3 - t**2) * arriving
    slope = (6 * t**2 - 6 * t) * (start - end) + (3 * t**2 - 4 * t + 1) * leaving
    return value, slope + (3 * t**2 - 2 * t) * arriving


def nearest(grid, layer, block):
    """Return the position on a grid that is nearest to a layer in a block: the best of ever finer trials."""

    def error(position):
        return ((between(grid, position)[0] - layer)[:, block] ** 2).sum()

    best, width = float(min(range(len(grid)), key=error)), 0.5
    while width > 1e-9:
        trials = [min(max(best + width * share, 0), len(grid) - 1) for share in np.linspace(-1, 1, 21)]
        best, width = min(trials, key=error), width / 5
    return best


def fitted(grid, layer):
    """Return the member nearest to a layer, how it moves with its step in each block, and its steps."""
    member, slopes, steps = empty(), [], np.zeros(layer.shape[1])
    for block in BLOCKS:
        position = nearest(grid, layer, block)
        value, slope = between(grid, position)
        member[:, block] = value[:, block]
        slopes.append(empty())
        slopes[-1][:, block] = slope[:, block]
        steps[block] = np.exp(np.interp(position, range(len(STEPS)), np.log(STEPS)))
    return member, slopes, steps


def coefficient(x, y, grids, layer):
    """Return b of p = a q_R + tangents of R + nuisances + b q_PR, by one least-squares fit of all columns."""
    member, slopes, steps = fitted(grids["R"], layer)
    added, _, _ = fitted(grids["PR"], layer)
    by_lengthscale = iterated("R", x, y, steps, lengthscale=1.18 * LENGTHSCALE) - iterated(
        "R", x, y, steps, lengthscale=0.85 * LENGTHSCALE
    )
    by_ridge = iterated("R", x, y, steps, ridge=2 * RIDGE) - iterated("R", x, y, steps, ridge=RIDGE / 2)
    farther = [iterated("R", x, y, factor * steps) for factor in (0.4, 2.5)]
    path = [ridge_regression(x, y, ridge) for ridge in RIDGES]
    best = nearest(path, layer, list(range(layer.shape[1])))
    nuisances = [between(path, min(max(best + move, 0), len(path) - 1))[0] for move in (-2, 0, 2)]
    nuisances += [ridge_regression(x, y, RIDGE, factor * LENGTHSCALE) for factor in (0.8, 1.25)]
    nuisances += [smoothed(x, y, bandwidth) for bandwidth in (0.35, 0.5, 0.7, 1.0, 1.4)]
    nuisances += [conjugate_gradients(x, y, count) for count in (1, 2, 3)]
    columns = [member, *slopes, by_lengthscale, by_ridge, *farther, *nuisances, added]
    design = np.stack([column.ravel() for column in columns], axis=1)
    scale = np.linalg.norm(design, axis=0)
    return np.linalg.lstsq(design / scale, layer.ravel(), rcond=1e-12)[0][-1] / scale[-1]


@pytest.fixture(scope="module")
def prompts():
    """Inputs that lie unevenly, so that the row sums of a prompt differ, and labels of no particular law."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((PROMPTS, PAIRS + 1, 2)) * np.exp(
        0.5 * generator.standard_normal((PROMPTS, 1, 1))
    )
    return x, generator.standard_normal((PROMPTS, PAIRS + 1))


@pytest.fixture(scope="module")
def grids(prompts):
    """Both families at all steps of their grid."""
    lengths = PAIRS + 1 - FIRST
    return {
        name: [iterated(name, *prompts, np.full(lengths, step)) for step in STEPS] for name in ("PR", "R")
    }


@pytest.mark.parametrize("name", ["PR", "R"])
def test_real_numbers_of_steps_pass_through_whole_ones(prompts, name):
    """Fails if the reference itself is wrong: the steps that it takes are not those of the iteration."""
    for steps in (1, 4, 20):
        found = iterated(name, *prompts, np.full(PAIRS + 1 - FIRST, float(steps)))
        np.testing.assert_allclose(found, walked(name, *prompts, steps), atol=1e-9)


@pytest.mark.parametrize("share", [0.0, 0.4, 1.0])
def test_what_preconditioned_richardson_adds_to_richardson_is_what_loops_give(prompts, grids, share):
    """Fails if the package departs anywhere from the written definition between x, y and the coefficient.

    For instance if row sums leave out the ridge, R has another step than one over the largest row sum, a
    tangent is missing, belongs to the other family or is taken in all blocks at once, a nuisance is missing,
    has another bandwidth, lengthscale or number of steps, the nearest member of a family is not the nearest,
    the query is among the points, or the two families of a pair are exchanged. Each was tried, and moves the
    coefficient by more than the bound.
    """
    x, y = prompts
    lengths = PAIRS + 1 - FIRST
    noise = np.random.default_rng(1).standard_normal((PROMPTS, lengths))
    preconditioned, plain = (iterated(name, x, y, np.full(lengths, 6.0)) for name in ("PR", "R"))
    layer = share * preconditioned + (1 - share) * plain + 0.02 * noise
    problem = Problem(x, y, LENGTHSCALE, RIDGE)
    shared = largest_shared_steps(problem.kernel(), RIDGE)
    found = attribute(Candidates(problem, shared, FIRST, len(BLOCKS)), layer, 0.3, 0.95).additions["R", "PR"]
    assert found.left > 0.001
    assert found.value == pytest.approx(coefficient(x, y, grids, layer), abs=2e-6)
