"""Measures of built conjugate gradients: their distance to float64 CG, to the solution, and their rate.

Relative prediction errors are |f - f*| / |f*| over the queries of a prompt, in the 2-norm. The rate bound is
|e_t|_A <= 2 ((sqrt(kappa) - 1)/(sqrt(kappa) + 1))^t |e_0|_A (Saad, 2003, eq. 6.128); for predictions times
the norm of k_q in A^-1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from ickrr.config.conjugate_gradient import DIVERGED
from ickrr.constructions.conjugate.feature_prompts import FeaturePrompts
from ickrr.constructions.conjugate.stack import Stack

VECTORS: Final = ("dual", "residual", "direction")


@dataclass(frozen=True)
class Trajectory:
    """What the layers of a stack hold.

    Attributes:
        stack: the stack.
        predictions: of every layer, (L+1, B, Q).
        duals: of every layer, (L+1, B, n).
    """

    stack: Stack
    predictions: Tensor
    duals: Tensor

    @classmethod
    def of(cls, stack: Stack, prompts: FeaturePrompts) -> "Trajectory":
        """Run a stack on prompts.

        Raises:
            ConstructionError: it is preconditioned and a row sum of the kernel is not positive.
        """
        return cls(stack, *stack.run(prompts.x, prompts.y, prompts.queries))

    @property
    def steps(self) -> int:
        """Last step T."""
        return self.stack.step(len(self.predictions) - 1)

    @property
    def ends(self) -> list[int]:
        """Last layer of every step 0..T."""
        return [self.stack.layer(step) for step in range(self.steps + 1)]


def relative_errors(predictions: Tensor, solution: Tensor) -> Tensor:
    """Return the relative errors, (T+1, B), of predictions, (T+1, B, Q), against the solution, (B, Q).

    An error above `DIVERGED`, or one that is not finite, is `DIVERGED`.
    """
    errors: Tensor = (predictions - solution).norm(dim=-1) / solution.norm(dim=-1)
    return errors.nan_to_num(nan=DIVERGED).clamp_max(DIVERGED)


def first_below(errors: Tensor, tolerance: float) -> Tensor:
    """Return the first step whose error is at most the tolerance, else the last; (T+1, B) -> (B)."""
    below = errors <= tolerance  # (T+1, B)
    first = below.to(torch.int8).argmax(dim=0)
    return torch.where(below.any(dim=0), first, len(errors) - 1)


def step_error(first: Tensor, second: Tensor, labels: Tensor, last: Tensor) -> float:
    """Return the largest |first - second| / max |y| over prompts, queries and steps up to each prompt's last.

    Args:
        first: predictions, (T+1, B, Q).
        second: predictions, (T+1, B, Q).
        labels: y, (B, n).
        last: (B).
    """
    distance = (first - second).abs().amax(-1) / labels.abs().amax(-1)  # (T+1, B)
    steps = torch.arange(len(distance))[:, None]
    return float(distance.where(steps <= last, 0.0).max())


def drift(predictions: Tensor, solution: Tensor, labels: Tensor, at_rest: float) -> tuple[float, int]:
    """Return the largest change of a prompt at rest, over max |y|, and how many prompts come to rest.

    Args:
        predictions: by step, (T+1, B, Q).
        solution: (B, Q).
        labels: y, (B, n).
        at_rest: relative error below which a prompt is at rest.
    """
    errors = relative_errors(predictions, solution)  # (T+1, B)
    rested = (errors <= at_rest).any(dim=0)  # (B)
    first = first_below(errors, at_rest)
    start = predictions[first, torch.arange(predictions.shape[1])]  # (B, Q)
    change = (predictions - start).abs().amax(-1) / labels.abs().amax(-1)  # (T+1, B)
    after = (torch.arange(len(errors))[:, None] >= first) & rested
    return float(change.where(after, 0.0).max()), int(rested.sum())


def energy_errors(duals: Tensor, prompts: FeaturePrompts) -> Tensor:
    """Return |a - a*|_A / |a*|_A, (T+1, B), of duals, (T+1, B, n)."""
    exact = torch.linalg.solve(prompts.matrix, prompts.y)  # (B, n)
    return _energy(duals - exact, prompts.matrix) / _energy(exact, prompts.matrix)


def rate_bound(prompts: FeaturePrompts, steps: int) -> Tensor:
    """Bound of `energy_errors` at steps 0..T, (T+1, B)."""
    root = prompts.condition_numbers().sqrt()  # (B)
    factor: Tensor = (root - 1) / (root + 1)
    exponents = torch.arange(steps + 1, dtype=torch.float64)[:, None]
    bound: Tensor = 2 * factor**exponents
    return bound


def prediction_bound(prompts: FeaturePrompts, steps: int) -> Tensor:
    """Bound of `relative_errors` at steps 0..T, (T+1, B): |k_q.e| <= |k_q|_(A^-1) |e|_A for each query."""
    cross = prompts.system.cross  # (B, Q, n)
    dual_norms = (cross * torch.linalg.solve(prompts.matrix, cross.mT).mT).sum(-1).sqrt()  # (B, Q)
    exact = torch.linalg.solve(prompts.matrix, prompts.y)
    factor: Tensor = (
        dual_norms.norm(dim=-1) * _energy(exact, prompts.matrix) / prompts.system.solution().norm(dim=-1)
    )
    return rate_bound(prompts, steps) * factor


def rate_share(duals: Tensor, prompts: FeaturePrompts, last: Tensor) -> float:
    """Return the largest A-norm error over its bound, of all prompts and steps up to each prompt's last."""
    ratio = energy_errors(duals, prompts) / rate_bound(prompts, len(duals) - 1)  # (T+1, B)
    steps = torch.arange(len(ratio))[:, None]
    return float(ratio.where(steps <= last, 0.0).max())


def reference_steps(prompts: FeaturePrompts, *, preconditioned: bool) -> Iterator[Tensor]:
    """Yield the predictions, (B, Q), of textbook CG in float64, without end.

    Its sums are taken in another order than the solver's, so the distance between the two is what rounding
    does to CG.
    """
    state = State.start(prompts, preconditioned=preconditioned)
    while True:
        yield (prompts.system.cross @ state.dual[..., None])[..., 0]
        state = state.next(prompts)


@dataclass(frozen=True)
class State:
    """One step of CG: a, r, z, p, (B, n) each, and the preconditioner's diagonal g."""

    dual: Tensor
    residual: Tensor
    scaled: Tensor
    direction: Tensor
    weights: Tensor

    @classmethod
    def start(cls, prompts: FeaturePrompts, *, preconditioned: bool) -> "State":
        """Return step 0."""
        weights = 1 / prompts.matrix.sum(-1) if preconditioned else torch.ones_like(prompts.y)
        scaled = weights * prompts.y
        return cls(torch.zeros_like(prompts.y), prompts.y, scaled, scaled, weights)

    def next(self, prompts: FeaturePrompts) -> "State":
        """Return the next step; a step size with denominator 0 is 0."""
        image = (prompts.matrix @ self.direction[..., None])[..., 0]
        size = (self.residual * self.scaled).sum(-1, keepdim=True)
        step = _ratio(size, (self.direction * image).sum(-1, keepdim=True))
        residual = self.residual - step * image
        scaled = self.weights * residual
        momentum = _ratio((residual * scaled).sum(-1, keepdim=True), size)
        dual = self.dual + step * self.direction
        return State(dual, residual, scaled, scaled + momentum * self.direction, self.weights)


def local_error(stack: Stack, prompts: FeaturePrompts, last: Tensor) -> float:
    """Return the largest relative difference between the state after a step and a CG step on that before it.

    The state is that of the stack at both ends, so that rounding errors of earlier steps, which CG magnifies,
    do not enter. Relative to the largest entry of a, r or p of the prompt at either end. The reference
    computes z from r, where a preconditioned stack lets z follow r, so that the rounding of z is in it.

    Args:
        stack: an exact stack.
        prompts: B prompts.
        last: step up to which each prompt is followed, (B).
    """
    c, support = stack.channels, slice(1, 1 + prompts.x.shape[1])
    weights = State.start(prompts, preconditioned=stack.preconditioned).weights
    largest, expected = 0.0, None
    for layer, stream in enumerate(stack.streams(prompts.x, prompts.y, prompts.queries)):
        step = stack.step(layer)
        if layer != stack.layer(step):
            continue
        z = c.scaled if stack.preconditioned else c.residual
        dual, residual, scaled, direction = (
            stream[:, support, channel] for channel in (c.dual, c.residual, z, c.direction)
        )
        found = State(dual, residual, scaled, direction, weights)
        if expected is not None:
            before, after = expected
            pairs = [(getattr(s, name) for s in (before, after, found)) for name in VECTORS]
            for old, wanted, new in pairs:
                scale = torch.maximum(old.abs().amax(-1), wanted.abs().amax(-1))  # (B)
                error = (new - wanted).abs().amax(-1) / scale
                largest = max(largest, float(error.where(step <= last, 0.0).max()))
        expected = (found, found.next(prompts))
    return largest


def _energy(vectors: Tensor, matrix: Tensor) -> Tensor:
    """Return |v|_A, (..., B), of vectors, (..., B, n), and matrices, (B, n, n)."""
    return (vectors * (matrix @ vectors[..., None])[..., 0]).sum(-1).clamp_min(0).sqrt()


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return torch.where(denominator > 0, numerator / denominator.where(denominator > 0, 1.0), 0.0)
