"""Bounds of Richardson iteration in the energy norm: what truncation and errors of the steps cost.

Let S = G^-1/2 A G^-1/2, with eigenvalues s in [low, high], K = Phi^T Phi and k_q = Phi^T phi_q, |phi_q| <= 1.
Then |k_q^T v| <= |Phi v|, and v^T K v <= u^T (S - low) u for u = G^1/2 v, because K = A - ridge I and
ridge/G_i >= low. Hence, for any polynomial p,
|k_q^T p(I - G^-1 A) v| <= max_s |p(1 - s)| sqrt(s - low) |v|_G, where |v|_G^2 = sum_i G_i v_i^2.
In the sup norm there is no contraction: that of I - G^-1 A is max_i 2 (D_i - 1)/(D_i + ridge), up to almost
2; and in the plain two-norm a product of steps would cost the factor sqrt(max G/min G).
"""

import math

import numpy as np

from ickrr.constructions.richardson.problem import Problem, Spectrum

LARGEST_SUM = 100_000


def powers(count: int, bounds: Spectrum) -> np.ndarray:
    """Return gamma_k = max over s in [low, high] of |1 - s|^k sqrt(s - low) for k = 0 .. count-1.

    Inside [low, 1] the maximum is at s = (1 + 2k low)/(1 + 2k); beyond 1 it is at the end.
    """
    k = np.arange(count, dtype=np.float64)
    low, high = bounds.low, bounds.high
    ratio = (2 * k / (2 * k + 1)) ** k
    inside = (1 - low) ** (k + 0.5) * ratio / np.sqrt(2 * k + 1)
    end = abs(1 - high) ** k * math.sqrt(high - low)
    larger: np.ndarray = np.maximum(inside, end)
    return larger


def accumulation(steps: int, bounds: Spectrum) -> float:
    """Return Gamma >= sum over k < steps of gamma_k: what an error made in every step amounts to.

    The smaller of the sum and, on [0, 1], its closed bound 1 + sqrt(pi/(2 low)), which is free of the steps.
    """
    total = float(powers(min(steps, LARGEST_SUM), bounds).sum())
    if bounds.high <= 1:
        return min(total if steps <= LARGEST_SUM else math.inf, 1 + math.sqrt(math.pi / (2 * bounds.low)))
    if steps <= LARGEST_SUM:
        return total
    # gamma_k decreases geometrically beyond the sum.
    return total + float(powers(LARGEST_SUM, bounds)[-1]) / (1 - bounds.contraction)


def truncation(steps: int, bounds: Spectrum) -> float:
    """Return omega = max over s in [low, high] of |1 - s|^T sqrt(s - low)/s for T >= 1 steps.

    In (low, 1) the maximum is the root of (1 - 2T) s^2 + (2 T low - 1 - 2 low) s + 2 low = 0.
    """
    low, high = bounds.low, bounds.high
    a, b, c = 1 - 2 * steps, 2 * steps * low - 1 - 2 * low, 2 * low
    # The product of the roots is c/a < 0: exactly one is positive; of its two forms, that without
    # cancellation.
    root = math.sqrt(b * b - 4 * a * c)
    s = 2 * c / (root - b) if b <= 0 else -(b + root) / (2 * a)
    inside = (1 - s) ** steps * math.sqrt(max(s - low, 0.0)) / s
    return max(inside, abs(1 - high) ** steps * math.sqrt(high - low) / high)


def fit_growth(bounds: Spectrum) -> float:
    """Return the bound of sqrt(s - low) |1 - (1-s)^t|/s over all s in [low, high] and all t."""
    low, high = bounds.low, bounds.high
    inside = 1 / (2 * math.sqrt(low)) if 2 * low <= 1 else math.sqrt(1 - low)
    return max(inside, math.sqrt(high - low))


def fitted_values(problem: Problem, bounds: Spectrum) -> float:
    """Bound |f_t(x)|, the prediction after any number t of exact steps, at any x."""
    labels = problem.label_bound * math.sqrt(problem.context_length / bounds.weight_low)  # >= |G^-1/2 y|
    return fit_growth(bounds) * labels


def truncation_error(problem: Problem, bounds: Spectrum, steps: int) -> float:
    """Bound |f_T(x) - f(x)|, what stopping after T exact steps costs the prediction."""
    labels = problem.label_bound * math.sqrt(problem.context_length / bounds.weight_low)
    return truncation(steps, bounds) * labels


def steps_for(problem: Problem, bounds: Spectrum, error: float) -> int:
    """Return the fewest steps T whose `truncation_error` is at most the error."""
    low, high = 0, 1
    while truncation_error(problem, bounds, high) > error:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if truncation_error(problem, bounds, middle) > error:
            low = middle
        else:
            high = middle
    return high


def accumulated_factor(problem: Problem, bounds: Spectrum, steps: int) -> float:
    """Return the factor from an error in every entry of every step of b = N a to the prediction.

    Gamma sqrt(N max G)/N, since |error|_G <= error sqrt(sum G); the prediction is k_q^T b / N.
    """
    n = problem.context_length
    return accumulation(steps, bounds) * math.sqrt(n * bounds.weight_high) / n


def norm_bias(problem: Problem, norm_error: float) -> float:
    """Bound what an interpolated |x|^2, too large by at most norm_error, does to the converged prediction.

    With w(x) = exp(-error/(2h^2)) >= e^-tau the layers use the kernel w(x) k(x,x') w(x') exactly. Its
    prediction is w_q k_q^T (K + ridge W^-2)^-1 W^-1 y. Changing w_q, y and the ridge one after the other,
    with
    |(K + ridge W^-2)^-1 k_q| <= 1/(2 sqrt(ridge)), costs ((e^tau - 1) + (e^2tau - 1)/2) Y sqrt(N/ridge),
    which is at most (e^2tau - 1) Y sqrt(N/ridge).
    """
    tau = norm_error / (2 * problem.lengthscale**2)
    return math.expm1(2 * tau) * problem.label_bound * math.sqrt(problem.context_length / problem.ridge)


def norm_error_for(problem: Problem, bias: float) -> float:
    """Return the largest error of |x|^2 whose `norm_bias` is at most the given one."""
    relative = bias / (problem.label_bound * math.sqrt(problem.context_length / problem.ridge))
    return problem.lengthscale**2 * math.log1p(relative)
