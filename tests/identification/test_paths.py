"""Fitted members of families against scipy's minimiser, and interpolation against the family itself."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar

from ickrr.identification.paths import Path, by_blocks, nearest
from ickrr.identification.spectra import iterated, row_sum_weights, spectrum

GRID = np.exp(np.linspace(np.log(0.1), np.log(1000), 60))
BLOCKS = [np.array([0, 1, 2]), np.array([3, 4, 5, 6])]
LENGTHS = slice(2, 9)


@pytest.fixture
def family(make_problem):
    problem = make_problem(prompts=12)
    found = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights).restricted(LENGTHS)
    return found, Path.of("PR", GRID, lambda tau: found.predict(iterated(tau)))


def test_between_grid_points(family):
    """Fails if interpolation strays from the family, or its slope is not its derivative."""
    found, path = family
    positions = np.linspace(3.2, 55.7, 7)
    value, slope = path.at(positions)
    exact = found.predict(iterated(path.parameters(positions)[:, None]))
    np.testing.assert_allclose(value, exact, atol=2e-4)
    ahead, behind = (path.at(positions + h)[0] for h in (1e-5, -1e-5))
    np.testing.assert_allclose(slope, (ahead - behind) / 2e-5, atol=1e-7)


@pytest.mark.parametrize("smooth", [True, False])
def test_grid_points_are_exact(family, smooth):
    """Fails if a whole index does not give the stored prediction, at the ends too."""
    path = Path("any", GRID, family[1].predictions, smooth)
    for index in (0, 1, 30, 58, 59):
        value, slope = path.at(np.full(7, float(index)))
        np.testing.assert_allclose(value, path.predictions[index], atol=1e-14)
        assert np.isfinite(slope).all()


def test_each_block_has_the_best_step(family):
    """Fails if a block's step is not the minimiser that scipy finds on the exact family."""
    found, path = family
    generator = np.random.default_rng(0)
    taus = np.array([4.3] * 3 + [17.9] * 4)[:, None]
    layer = found.predict(iterated(taus)) + 0.02 * generator.standard_normal((12, 7))
    match = nearest(path, layer, BLOCKS)
    for block in BLOCKS:
        part = found.restricted(block)

        def error(log_tau, part=part, block=block):
            return ((part.predict(iterated(np.exp(log_tau))) - layer[:, block]) ** 2).sum()

        best = minimize_scalar(error, bounds=(0, 5), method="bounded", options={"xatol": 1e-6})
        assert np.log(path.parameters(match.positions)[block]) == pytest.approx(best.x, abs=5e-3)
        assert ((match.prediction - layer)[:, block] ** 2).sum() <= best.fun * (1 + 1e-4)


def test_whole_steps_are_interpolated_linearly():
    """Fails if a layer between two iterates is not placed between them."""
    iterates = np.random.default_rng(1).standard_normal((5, 6, 3))
    path = Path("any", np.arange(5.0), iterates, smooth=False)
    layer = 0.7 * iterates[2] + 0.3 * iterates[3]
    match = nearest(path, layer, [np.arange(3)], rounds=20)
    np.testing.assert_allclose(match.positions, 2.3, atol=1e-6)
    np.testing.assert_allclose(path.parameters(match.positions), 2.3, atol=1e-6)


def test_blocks_sum_to_the_column():
    """Fails if a column is not split into disjoint parts."""
    column = np.random.default_rng(2).standard_normal((4, 7))
    parts = by_blocks(column, BLOCKS)
    np.testing.assert_array_equal(sum(parts), column)
    assert not parts[0][:, BLOCKS[1]].any()
