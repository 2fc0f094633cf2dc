"""Scalar functions as ReLU layers: interpolants f(z) = f(t_0) + sum_k c_k relu(z - t_k), with their errors.

On [t_0, t_m] the sum interpolates f linearly between the knots t_0 < .. < t_m with m units; left of t_0 it
is constant, right of t_m it continues linearly. Between the knots a and b a convex f is overestimated by at
most (b - a)^2/8 max |f''|. Products come from squares by polarisation, uv = ((u+v)/2)^2 - ((u-v)/2)^2.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PiecewiseLinear:
    """One function as a bank of ReLU units that read the same input.

    Attributes:
        knots: t_0 .. t_(m-1), (m), float64, increasing.
        changes: changes of slope c_k at the knots, (m), float64.
        start: value at and left of t_0.
    """

    knots: Tensor
    changes: Tensor
    start: float

    def __call__(self, z: Tensor) -> Tensor:
        """Evaluate by definition, as a hidden layer, at inputs of any shape."""
        hidden = torch.relu(z[..., None] - self.knots)  # (..., m)
        return self.start + hidden @ self.changes


@dataclass(frozen=True)
class Product:
    """u v for |u| <= U, |v| <= V as a difference of two squares of z = (u / scale +- v scale) / 2.

    The scale sqrt(U/V) balances the two factors, so that |z| <= sqrt(UV).

    Attributes:
        square: interpolant of z^2.
        scale: see above.
    """

    square: PiecewiseLinear
    scale: float

    def __call__(self, u: Tensor, v: Tensor) -> Tensor:
        """Evaluate u v, elementwise."""
        first, second = u / (2 * self.scale), v * (self.scale / 2)
        return self.square(first + second) - self.square(first - second)


def interpolant(function: Callable[[Tensor], Tensor], knots: Tensor) -> PiecewiseLinear:
    """Interpolate a function linearly between knots.

    Args:
        function: elementwise function.
        knots: m + 1 increasing points, float64.

    Returns:
        The interpolant, with m units.
    """
    values = function(knots)
    slopes = values.diff() / knots.diff()  # (m)
    changes = torch.cat((slopes[:1], slopes.diff()))  # (m)
    return PiecewiseLinear(knots[:-1], changes, float(values[0]))


def square(bound: float, units: int) -> PiecewiseLinear:
    """Interpolate z^2 on [-bound, bound]; see `square_error`. The slopes are exact: t_k + t_(k+1)."""
    knots = torch.linspace(-bound, bound, units + 1, dtype=torch.float64)  # (m+1)
    slopes = knots[:-1] + knots[1:]
    changes = torch.cat((slopes[:1], slopes.diff()))  # (m)
    return PiecewiseLinear(knots[:-1], changes, bound**2)


def square_error(bound: float, units: int) -> float:
    """Return the largest error of `square`, never below z^2: h^2/4 = (bound/units)^2, h = 2 bound/units."""
    return (bound / units) ** 2


def square_units(bound: float, error: float) -> int:
    """Return the fewest units for an error of `square`; they are even, so that 0 is a knot and 0^2 exact."""
    return 2 * math.ceil(bound / math.sqrt(error) / 2)


def product(first_bound: float, second_bound: float, units: int) -> Product:
    """Make u v for |u| <= first_bound, |v| <= second_bound from two squares of `units` units each."""
    bound = math.sqrt(first_bound * second_bound)
    return Product(square(bound, units), math.sqrt(first_bound / second_bound))


def product_error(first_bound: float, second_bound: float, units: int) -> float:
    """Return the largest error of `product`, UV/units^2: the errors of both squares have the same sign."""
    return first_bound * second_bound / units**2


def product_units(first_bound: float, second_bound: float, error: float) -> int:
    """Return the fewest units of each square, an even number, for an error of `product`."""
    return square_units(math.sqrt(first_bound * second_bound), error)


def reciprocal(low: float, high: float, units: int) -> PiecewiseLinear:
    """Interpolate -1/w on [-high, -low], that is 1/z read at w = -z, with knots in geometric progression.

    From this side, where it is flat, all terms are positive; from the other one, sums of size 1/low^2 would
    cancel.
    """
    exponents = torch.linspace(math.log(high), math.log(low), units + 1, dtype=torch.float64)
    return interpolant(lambda w: -1 / w, -exponents.exp())


def reciprocal_error(low: float, high: float, units: int) -> float:
    """Return the largest relative error of `reciprocal`, (sqrt(q) - 1/sqrt(q))^2/4, q = (high/low)^(1/units).

    Between a and b = qa the relative error (z - a)(b - z)/(ab) is largest at z = (a + b)/2.
    """
    return math.sinh(math.log(high / low) / (2 * units)) ** 2


def reciprocal_units(low: float, high: float, error: float) -> int:
    """Return the fewest units for a relative error of `reciprocal`."""
    return max(1, math.ceil(math.log(high / low) / (2 * math.asinh(math.sqrt(error)))))


def odds(low: float, high: float, units: int) -> PiecewiseLinear:
    """Interpolate z/(1 - z) on [low, high], high < 1; constant beyond `high`. See `odds_error`."""
    knots = torch.linspace(low, high, units, dtype=torch.float64)  # one unit is the bend at `high`
    inner = interpolant(lambda z: z / (1 - z), knots)
    changes = torch.cat((inner.changes, -inner.changes.sum()[None]))  # (m)
    return PiecewiseLinear(knots, changes, inner.start)


def odds_error(low: float, high: float, units: int) -> float:
    """Return the largest error of `odds` on [low, high], h^2/8 max f'' = h^2/(4 (1-high)^3)."""
    return ((high - low) / (units - 1)) ** 2 / (4 * (1 - high) ** 3)


def odds_units(low: float, high: float, error: float) -> int:
    """Return the fewest units for an error of `odds`."""
    return max(2, 1 + math.ceil((high - low) / (2 * math.sqrt(error * (1 - high) ** 3))))


def logarithm(low: float, high: float, units: int) -> PiecewiseLinear:
    """Interpolate log z on [low, high], read at w = -z; knots in geometric progression.

    It is constant above `high`; below `low` it continues linearly, to log low - 1 at 0. From this side, where
    it is flat, all terms have one sign; from the other one, sums of size 1/low would cancel.
    """
    knots = -torch.logspace(math.log10(high), math.log10(low), units + 1, dtype=torch.float64)
    return interpolant(lambda w: torch.log(-w), knots)


def logarithm_error(low: float, high: float, units: int) -> float:
    """Bound the error of `logarithm` on [low, high]: (q - 1)^2/8, q = (high/low)^(1/units).

    Between a and b = qa, (b - a)^2/8 max |f''| = (q - 1)^2/8.
    """
    return math.expm1(math.log(high / low) / units) ** 2 / 8


def exponential(low: float, high: float, units: int) -> PiecewiseLinear:
    """Interpolate exp z - exp low on [low, high] evenly; 0 below `low` and constant above `high`."""
    knots = torch.linspace(low, high, units, dtype=torch.float64)  # one unit is the bend at `high`
    inner = interpolant(lambda z: torch.exp(z) - math.exp(low), knots)
    changes = torch.cat((inner.changes, -inner.changes.sum()[None]))  # (m)
    return PiecewiseLinear(knots, changes, 0.0)


def exponential_error(low: float, high: float, units: int) -> float:
    """Bound the relative error of the interpolation in `exponential`: h^2 e^h/8, h the knots' spacing.

    The error of the shift by exp low is added to it.
    """
    spacing = (high - low) / (units - 1)
    return spacing**2 * math.exp(spacing) / 8
