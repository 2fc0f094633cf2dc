"""What a construction is asked for: the problem's constants, and the spectrum of the preconditioned matrix.

A = K + ridge I is preconditioned by G^-1, G_i = row sums of A ("ridge") or of K ("kernel"). With kernel
values in [0, 1] and k(x, x) = w^2, G_i lies in [w^2 + ridge, N + ridge] or [w^2, N], and the eigenvalues of
G^-1 A in [ridge/(N + ridge), 1] or [ridge/N, 1 + ridge/w^2] (proposition in the paper).
"""

import math
from dataclasses import dataclass

from ickrr.config.constructions import PreconditionerName, RidgeScaling
from ickrr.errors import ConstructionError


@dataclass(frozen=True)
class Problem:
    """Gaussian kernel ridge regression on bounded prompts of at most N pairs.

    Attributes:
        dimension: d.
        context_length: N, the largest number of pairs.
        lengthscale: h, input units.
        ridge: lambda > 0 (N times the per-point ridge where it is scaled).
        input_bound: every |x_i|, the query's too, is at most this, input units.
        label_bound: every |y_i| is at most this.
        preconditioner: row sums of A ("ridge") or of K ("kernel").
        sphere: every |x_i| is exactly the input bound, so that |x|^2 is known and need not be computed.
    """

    dimension: int
    context_length: int
    lengthscale: float
    ridge: float
    input_bound: float
    label_bound: float
    preconditioner: PreconditionerName = "ridge"
    sphere: bool = False

    def __post_init__(self) -> None:
        for name in ("dimension", "context_length", "lengthscale", "ridge", "input_bound", "label_bound"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise ConstructionError(f"{name}: found {value}; it must be positive and finite")
        if self.preconditioner == "kernel" and self.ridge >= 1:
            raise ConstructionError(
                f"preconditioner: found kernel (row sums of K) with ridge = {self.ridge:g}; an eigenvalue of "
                "the preconditioned matrix can then reach 2, and the iteration need not converge: lower the "
                "ridge below 1, or choose preconditioner = ridge, which always converges"
            )


@dataclass(frozen=True)
class Spectrum:
    """Bounds for every prompt: eigenvalues of G^-1 A in [low, high], G_i in [weight_low, weight_high]."""

    low: float
    high: float
    weight_low: float
    weight_high: float

    @property
    def contraction(self) -> float:
        """Bound of the spectral radius of I - G^-1 A."""
        return max(1 - self.low, self.high - 1)


def spectrum(problem: Problem, diagonal: float = 1.0) -> Spectrum:
    """Bound the spectrum of the preconditioned matrix over all prompts of the problem.

    Args:
        problem: the problem.
        diagonal: w^2, a lower bound of k(x, x) <= 1 (below 1 where |x|^2 is interpolated).

    Raises:
        ConstructionError: the plain preconditioner is not guaranteed to converge at this diagonal.
    """
    n, ridge = problem.context_length, problem.ridge
    if problem.preconditioner == "ridge":
        return Spectrum(ridge / (n + ridge), 1.0, diagonal + ridge, n + ridge)
    high = 1 + ridge / diagonal
    if high >= 2:
        raise ConstructionError(
            f"preconditioner: kernel needs a ridge below k(x, x), found {ridge:g} and k(x, x) >= "
            f"{diagonal:g} (|x|^2 is interpolated); lower the ridge, or choose preconditioner = ridge"
        )
    return Spectrum(ridge / n, high, diagonal, float(n))


def effective_ridge(scaling: RidgeScaling, value: float, context_length: int) -> float:
    """Return lambda: the value itself, or N times it where the ridge is scaled."""
    return value if scaling == "fixed" else value * context_length
