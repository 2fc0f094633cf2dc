"""Depth and widths for an accuracy, and the accuracy of given ones: the bounds of the whole construction.

error <= bias of |x|^2 + truncation + accumulated errors of the steps + reciprocal + product of the readout.
Every term holds for every prompt of at most N pairs within the problem's bounds (theorem in the paper).
"""

import math
from dataclasses import dataclass

from ickrr.constructions import interpolants
from ickrr.constructions.richardson import bounds
from ickrr.constructions.richardson.problem import Problem, Spectrum, spectrum
from ickrr.errors import ConstructionError

ROUNDOFF = 2.0**-53
SETUP_BLOCKS = 3  # |x|^2; the shares; and the last one for the prediction, which is one step behind
LINEAR_UNITS = 6  # relu(z) - relu(-z) = z for what is linear in an MLP
# Shares of the accuracy. Depth is logarithmic in its share and each width goes with the inverse root of its
# own, so those that need the most units get the largest.
TRUNCATION, BIAS, STEPS, READOUT, ROUNDING = 0.05, 0.4, 0.3, 0.2, 0.05


@dataclass(frozen=True)
class Units:
    """Hidden units of each interpolant; a product takes two squares of so many units each.

    Attributes:
        norm: of the square of each coordinate of x; 0 on a sphere.
        share: of the odds of the sink's share (plain preconditioner only; else 0).
        update: of the product of the weight and b - N y/ridge, in every block.
        reciprocal: of the reciprocal of the share.
        readout: of the product that makes the prediction, in every block.
    """

    norm: int
    share: int
    update: int
    reciprocal: int
    readout: int

    def scaled(self, factor: float) -> "Units":
        """Scale all of them, to even numbers of at least 2."""

        def scale(units: int) -> int:
            return 2 * max(1, math.ceil(units * factor / 2)) if units else 0

        return Units(*(scale(getattr(self, name)) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class Ranges:
    """Intervals that the interpolants cover.

    Attributes:
        share_low: smallest share of the sink, ridge/(N + ridge); the largest is 1.
        weight_low: smallest ridge/G_i of the iteration.
        weight_high: largest.
        iterate: bound of |b|, the query's own included.
        residual: bound of |b - N y/ridge|.
        mixed: bound of what the readout multiplies with the reciprocal.
    """

    share_low: float
    weight_low: float
    weight_high: float
    iterate: float
    residual: float
    mixed: float

    @property
    def weight_middle(self) -> float:
        """Centre of the weights; products are taken of the distance to it."""
        return (self.weight_low + self.weight_high) / 2

    @property
    def weight_radius(self) -> float:
        """Half the length of the interval of the weights."""
        return (self.weight_high - self.weight_low) / 2

    @property
    def reciprocal_middle(self) -> float:
        """Centre of the reciprocals of the share."""
        return (1 + 1 / self.share_low) / 2

    @property
    def reciprocal_radius(self) -> float:
        """Half the length of the interval of the reciprocals."""
        return (1 / self.share_low - 1) / 2


@dataclass(frozen=True)
class Certificate:
    """What is proven about one construction; errors are sup errors of predictions over all allowed prompts.

    Attributes:
        problem: the problem.
        steps: Richardson steps T.
        units: units of the interpolants.
        ranges: intervals of the interpolants.
        contraction: bound of the contraction factor of a step, in the norm |.|_G.
        step_error: largest error of one entry of b = N a in one step.
        bias: of the converged prediction, from |x|^2.
        truncation: from stopping after T steps.
        accumulated: from the errors of all steps.
        reciprocal: of the readout, from 1/share.
        readout: of the readout, from its product.
        rounding: allowance for float64's rounding.
    """

    problem: Problem
    steps: int
    units: Units
    ranges: Ranges
    contraction: float
    step_error: float
    bias: float
    truncation: float
    accumulated: float
    reciprocal: float
    readout: float
    rounding: float

    @property
    def depth(self) -> int:
        """Number of blocks: |x|^2, the shares, one for each step, and one for the prediction."""
        return SETUP_BLOCKS + self.steps

    @property
    def width(self) -> int:
        """Hidden units of the widest MLP."""
        units = self.units
        norm, shares = self.problem.dimension * units.norm, units.reciprocal + units.share
        return max(norm, shares, 2 * units.update + 2 * units.readout) + LINEAR_UNITS

    @property
    def total(self) -> float:
        """Bound of |prediction - kernel ridge regression|."""
        return self.bias + self.truncation + self.layer

    @property
    def layer(self) -> float:
        """Bound of |prediction - Richardson iterate| at each layer, for the kernel of interpolated norms."""
        return self.accumulated + self.reciprocal + self.readout + self.rounding


def design(problem: Problem, accuracy: float, *, allow_rounding: bool = False) -> Certificate:
    """Choose steps and units so that every prediction is within the accuracy of kernel ridge regression.

    Args:
        problem: the problem.
        accuracy: epsilon > 0, units of the labels.
        allow_rounding: return a design whose rounding float64 cannot keep below the accuracy, for the theory.

    Raises:
        ConstructionError: float64 cannot reach the accuracy, or the preconditioner does not allow it.
    """
    if not 0 < accuracy < math.inf:
        raise ConstructionError(f"eps: found {accuracy}; it must be positive")
    allowed = bounds.norm_error_for(problem, BIAS * accuracy)
    norm_units = (
        0 if problem.sphere else interpolants.square_units(problem.input_bound, allowed / problem.dimension)
    )
    shape = _spectrum(problem, norm_units)
    steps = bounds.steps_for(problem, shape, TRUNCATION * accuracy)
    plain = problem.preconditioner == "kernel"
    step_error = STEPS * accuracy / bounds.accumulated_factor(problem, shape, steps)
    ranges = _ranges(problem, shape, step_error, steps)
    part = step_error / (2 if plain else 1)
    share_high = _share_high(problem, shape)
    units = Units(
        norm=norm_units,
        share=interpolants.odds_units(ranges.share_low, share_high, part / ranges.residual) if plain else 0,
        update=interpolants.product_units(ranges.weight_radius, ranges.residual, part),
        reciprocal=interpolants.reciprocal_units(
            ranges.share_low, 1.0, READOUT / 2 * accuracy / _reciprocal_factor(problem, ranges)
        ),
        readout=interpolants.product_units(ranges.reciprocal_radius, ranges.mixed, READOUT / 2 * accuracy),
    )
    found = certify(problem, steps, units)
    if allow_rounding:
        return found
    if found.rounding > ROUNDING * accuracy:
        raise ConstructionError(
            f"eps: found {accuracy:g}, below what float64 can guarantee here: rounding alone may cost "
            f"{found.rounding:.1e} with the {units.update} units a square that it takes; ask for eps of at "
            f"least {found.rounding / ROUNDING:.0e}, or for a smaller context length or a larger ridge"
        )
    if found.total > accuracy:
        raise AssertionError(f"the chain of bounds gives {found.total:g} for eps = {accuracy:g}")
    return found


def certify(problem: Problem, steps: int, units: Units) -> Certificate:
    """Bound the error of a construction with given steps and units.

    Raises:
        ConstructionError: the units are so few that nothing can be proven.
    """
    shape = _spectrum(problem, units.norm)
    n, ridge = problem.context_length, problem.ridge
    factor = bounds.accumulated_factor(problem, shape, steps)
    share_low, share_high = ridge / (n + ridge), _share_high(problem, shape)
    share_error = interpolants.odds_error(share_low, share_high, units.share) if units.share else 0.0

    # The error of a step grows with the range of b, and the range with the errors made: a linear equation.
    def step_error(assumed: float) -> float:
        ranges = _ranges(problem, shape, assumed, steps)
        product_error = interpolants.product_error(ranges.weight_radius, ranges.residual, units.update)
        return product_error + share_error * ranges.residual

    constant = step_error(0.0)
    slope = step_error(1.0) - constant
    if slope >= 1:
        raise ConstructionError(
            f"units: {units.update} units a square are too few to prove that the iteration stays bounded; "
            f"it takes more than {math.ceil(units.update * math.sqrt(slope))}"
        )
    delta = constant / (1 - slope)
    ranges = _ranges(problem, shape, delta, steps)
    return Certificate(
        problem=problem,
        steps=steps,
        units=units,
        ranges=ranges,
        contraction=shape.contraction,
        step_error=delta,
        bias=bounds.norm_bias(problem, _norm_error(problem, units.norm)),
        truncation=bounds.truncation_error(problem, shape, steps),
        accumulated=factor * delta,
        reciprocal=_reciprocal_factor(problem, ranges)
        * interpolants.reciprocal_error(share_low, 1.0, units.reciprocal),
        readout=interpolants.product_error(ranges.reciprocal_radius, ranges.mixed, units.readout),
        rounding=_rounding(units, ranges, factor),
    )


def _spectrum(problem: Problem, norm_units: int) -> Spectrum:
    return spectrum(problem, math.exp(-_norm_error(problem, norm_units) / problem.lengthscale**2))


def _norm_error(problem: Problem, norm_units: int) -> float:
    """Return the largest error of |x|^2, that of a square for each coordinate."""
    if problem.sphere:
        return 0.0
    return problem.dimension * interpolants.square_error(problem.input_bound, norm_units)


def _share_high(problem: Problem, shape: Spectrum) -> float:
    """Return the largest share of the sink at a context token, whose row sum includes k(x, x)."""
    diagonal = shape.weight_low - (problem.ridge if problem.preconditioner == "ridge" else 0.0)
    return problem.ridge / (diagonal + problem.ridge)


def _ranges(problem: Problem, shape: Spectrum, step_error: float, steps: int) -> Ranges:
    """Return the intervals of all inputs of interpolants if each step errs by at most step_error.

    A step is b_i <- (1 - g_i) b_i + g_i (N/ridge)(y_i - f(x_i)) with g_i = ridge/G_i >= low, so that
    |b| <= (N/ridge)(Y + F) for exact steps; the error e obeys the same recursion with f the prediction of e.
    """
    n, ridge = problem.context_length, problem.ridge
    fitted = bounds.fitted_values(problem, shape)
    drift = bounds.accumulated_factor(problem, shape, steps) * step_error
    iterate = n / ridge * (problem.label_bound + fitted + drift) + step_error / shape.low
    if problem.preconditioner == "ridge":
        residual = iterate + n * problem.label_bound / ridge
        return Ranges(ridge / (n + ridge), shape.low, 1.0, iterate, residual, fitted + drift)
    # A query far from all data has a weight above the clamp of the odds; its own b is then bounded by
    # (softmax average)/(clamp).
    query = (iterate + step_error) * max(1.0, shape.weight_low / ridge)
    mixed = ridge * iterate / n
    residual = max(query, iterate + n * problem.label_bound / ridge)
    return Ranges(ridge / (n + ridge), shape.low, ridge / shape.weight_low, query, residual, mixed)


def _reciprocal_factor(problem: Problem, ranges: Ranges) -> float:
    """Return the factor from the relative error of 1/share to the error of the prediction.

    The share times the prediction is what is divided. With the plain preconditioner, min(f share/(1 - share),
    ridge max|b|/N) is what is multiplied, hence the factor 2.
    """
    return ranges.mixed if problem.preconditioner == "ridge" else 2 * ranges.mixed


def _rounding(units: Units, ranges: Ranges, factor: float) -> float:
    """Return the allowance for rounding: the sums of a bank err by 2 sqrt(units) + 8 roundoffs."""

    def ulps(count: int) -> float:
        return (2 * math.sqrt(count) + 8) * ROUNDOFF

    update = 2 * ulps(units.update) * ranges.weight_radius * ranges.residual + 16 * ROUNDOFF * ranges.iterate
    readout = 2 * ulps(units.readout) * ranges.reciprocal_radius * ranges.mixed
    reciprocal = 2 * ulps(units.reciprocal) * ranges.mixed  # relative: its terms are all positive
    return factor * update + readout + reciprocal
