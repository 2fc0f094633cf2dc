"""The bounds against brute force: spectra, polynomials on a grid, and real iterations."""

import math
from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.config.solvers import SolverSettings
from ickrr.constructions.richardson import bounds
from ickrr.constructions.richardson.contraction import contraction_factors, gap_rate
from ickrr.constructions.richardson.problem import Problem, spectrum
from ickrr.entries import SOLVERS
from ickrr.errors import ConstructionError
from ickrr.kernels.distances import squared_distances
from ickrr.kernels.gaussian import profile as gaussian
from ickrr.solvers.system import KernelSystem


def problem_with(ridge, n, preconditioner="ridge"):
    return Problem(3, n, 1.0, ridge, 1.0, 1.0, preconditioner)


cases = st.tuples(st.floats(0.02, 0.9), st.integers(1, 30), st.sampled_from(["ridge", "kernel"]))


@given(cases, st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_closed_forms_are_the_maxima(case, steps):
    """Fails if a stationary point is wrong: on a grid, the polynomials must come close and not exceed."""
    shape = spectrum(problem_with(*case))
    # The maximum sits near the low end when there are many steps: a grid that is fine there.
    s = np.concatenate(
        [shape.low + np.geomspace(1e-9, 1, 60_001) * (1 - shape.low), np.linspace(1, shape.high, 2001)]
    )
    growth = np.sqrt(s - shape.low)
    power = np.abs(1 - s) ** steps
    found = float((power * growth / s).max())
    assert found <= bounds.truncation(steps, shape) * (1 + 1e-9)
    assert found >= bounds.truncation(steps, shape) * 0.999
    gamma = bounds.powers(steps + 1, shape)[-1]
    assert float((power * growth).max()) == pytest.approx(gamma, rel=1e-3)
    fit = growth * np.abs(1 - (1 - s) ** steps) / s
    assert float(fit.max()) <= bounds.fit_growth(shape) * (1 + 1e-9)


@given(cases, st.integers(1, 3000))
@settings(max_examples=40, deadline=None)
def test_accumulation_is_at_least_its_sum(case, steps):
    """Fails if the closed bound, free of the number of steps, is below the sum."""
    shape = spectrum(problem_with(*case))
    assert bounds.powers(steps, shape).sum() <= bounds.accumulation(steps, shape) * (1 + 1e-12)
    if shape.high <= 1:
        assert bounds.accumulation(10**7, shape) == 1 + math.sqrt(math.pi / (2 * shape.low))


@given(cases, st.integers(0, 2**31), st.sampled_from(["random", "equal", "clusters"]))
@settings(max_examples=60, deadline=None)
def test_spectrum_bounds_hold(case, seed, geometry):
    """Fails if an eigenvalue of the preconditioned matrix leaves the interval of the proposition."""
    ridge, n, preconditioner = case
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(1, n, 3, generator=generator, dtype=torch.float64)
    if geometry == "equal":
        x = x[:, :1].expand(1, n, 3)
    elif geometry == "clusters":
        x = x[:, torch.arange(n) % 2] * 3
    kernel = gaussian(squared_distances(x, x), 1.0)
    shape = spectrum(problem_with(ridge, n, preconditioner))
    assert float(contraction_factors(kernel, ridge, preconditioner)) <= shape.contraction + 1e-12


def test_bound_is_attained_when_points_coincide():
    """Fails if the contraction bound N/(N + ridge) is not the best possible one."""
    kernel = torch.ones(1, 7, 7, dtype=torch.float64)
    factor = float(contraction_factors(kernel, 0.3, "ridge"))
    assert factor == pytest.approx(7 / 7.3, abs=1e-13)


def iterates(x, y, ridge):
    """Yield the predictions at the last of the points (n+1, d) of the pipeline's own solver, step by step."""
    kernel = gaussian(squared_distances(x[None], x[None]), 1.0)
    system = KernelSystem(kernel, y[None], ridge)
    for step in SOLVERS.load("preconditioned_richardson").iterate(system, SolverSettings()):
        yield float(step[0, -1])


def test_predictions_at_equal_points_are_exact_after_one_step():
    """Fails if equal points slowed predictions too, and not the dual vector alone."""
    y = torch.tensor([0.3, -1.0, 2.0, 0.7, 0.0], dtype=torch.float64)
    found = list(islice(iterates(torch.zeros(5, 2, dtype=torch.float64), y, 0.09), 4))
    assert found[1:] == pytest.approx([2.0 / 4.09] * 3)


@pytest.mark.parametrize(("n", "ridge"), [(2, 0.9), (20, 0.09), (80, 1.0), (320, 0.3)])
def test_two_clusters_need_a_number_of_steps_that_grows_with_the_context(n, ridge):
    """Fails if the error of predictions on two clusters is not that of the lower bound, at every step."""
    apart = math.sqrt(-2 * math.log(1 - 2 * ridge / n))
    side = torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(n // 2)
    x = torch.cat([side, torch.ones(1, dtype=torch.float64)])[:, None] * (apart / 2)
    y = torch.cat([side, torch.zeros(1, dtype=torch.float64)])
    found = np.array(list(islice(iterates(x, y, ridge), 60)))
    error = 0.5 * (1 - 2 * ridge / n) ** np.arange(60)
    np.testing.assert_allclose(0.5 - found, error, atol=1e-12)
    for accuracy in (0.2, 0.01):
        steps = math.log(2 * accuracy) / math.log(1 - 2 * ridge / n)
        assert steps >= (n / (2 * ridge) - 1) * math.log(1 / (2 * accuracy))


def test_gap_rate_is_refuted_by_equal_points():
    """Fails if the factor or the gap's rate is computed wrongly: equal points have the largest gap."""
    kernel = torch.ones(1, 50, 50, dtype=torch.float64)
    assert float(gap_rate(kernel)) == 1 - 1 / 8
    assert float(contraction_factors(kernel, 0.09, "ridge")) > 0.99


@given(st.integers(0, 2**31), st.floats(0.05, 2), st.integers(2, 15), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_truncation_and_fit_bound_real_iterations(seed, ridge, n, steps):
    """Fails if a prediction of T steps is further from convergence, or larger, than proven."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n + 1, 3, generator=generator, dtype=torch.float64) * 0.5
    y = torch.sign(torch.randn(n, generator=generator, dtype=torch.float64))
    kernel = gaussian(squared_distances(x, x), 1.0)
    k, cross = kernel[:n, :n], kernel[n, :n]
    matrix = k + ridge * torch.eye(n)
    weights = matrix.sum(1)
    a = torch.zeros(n, dtype=torch.float64)
    for _ in range(steps):
        a = a + (y - matrix @ a) / weights
    problem = problem_with(ridge, n)
    shape = spectrum(problem)
    error = abs(float(cross @ a - cross @ torch.linalg.solve(matrix, y)))
    assert error <= bounds.truncation_error(problem, shape, steps) * (1 + 1e-9)
    assert float((k @ a).abs().max()) <= bounds.fitted_values(problem, shape) * (1 + 1e-9)


@given(st.integers(0, 2**31), st.floats(0.05, 2), st.integers(2, 15), st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_accumulated_errors_bound_real_iterations(seed, ridge, n, steps):
    """Fails if errors of at most 1 in each entry of each step of b = N a can cost more than proven."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n + 1, 3, generator=generator, dtype=torch.float64) * 0.3
    kernel = gaussian(squared_distances(x, x), 1.0)
    matrix = kernel[:n, :n] + ridge * torch.eye(n)
    weights = matrix.sum(1)
    e = torch.zeros(n, dtype=torch.float64)
    for _ in range(steps):
        e = e - matrix @ e / weights + 1.0  # errors of one sign are the ones that add up
    problem = problem_with(ridge, n)
    factor = bounds.accumulated_factor(problem, spectrum(problem), steps)
    assert abs(float(kernel[n, :n] @ e)) / n <= factor * (1 + 1e-9)


@given(st.integers(0, 2**31), st.floats(0.05, 2), st.floats(1e-4, 0.3))
@settings(max_examples=40, deadline=None)
def test_bias_of_the_norm(seed, ridge, tau):
    """Fails if multiplying the kernel by w(x) w(x'), e^-tau <= w <= 1, moves the prediction by more."""
    n = 10
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n + 1, 3, generator=generator, dtype=torch.float64)
    y = torch.sign(torch.randn(n, generator=generator, dtype=torch.float64))
    w = torch.exp(-tau * torch.rand(n + 1, generator=generator, dtype=torch.float64).round())
    kernel = gaussian(squared_distances(x, x), 1.0)

    def predict(k):
        return float(k[n, :n] @ torch.linalg.solve(k[:n, :n] + ridge * torch.eye(n), y))

    moved = abs(predict(kernel) - predict(w[:, None] * kernel * w))
    assert moved <= bounds.norm_bias(problem_with(ridge, n), 2 * tau)
    inverted = bounds.norm_error_for(problem_with(ridge, n), bounds.norm_bias(problem_with(ridge, n), 0.1))
    assert inverted == pytest.approx(0.1)


def test_scaled_ridge_is_free_of_n():
    """Fails if depth or the cost of an error grows with N when the ridge does."""
    found = []
    for n in (10, 1000, 100_000):
        problem = problem_with(0.1 * n, n)
        shape = spectrum(problem)
        found.append((bounds.steps_for(problem, shape, 1e-4), bounds.accumulated_factor(problem, shape, 500)))
    (first, factor), *others = found
    assert all(steps <= first + 6 and other <= factor * 1.01 for steps, other in others)


def test_plain_preconditioner_is_refused_where_it_may_diverge():
    """Fails if the theorem is claimed for a ridge of 1 or more with the row sums of K."""
    with pytest.raises(ConstructionError, match=r"preconditioner: found kernel .* ridge = 1"):
        problem_with(1.0, 5, "kernel")
