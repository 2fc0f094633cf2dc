"""Comparison of a built model with float64: every layer with Richardson, the output with Cholesky."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ickrr.constructions import interpolants
from ickrr.constructions.dense_system import System
from ickrr.constructions.richardson.assembly import prediction_step
from ickrr.constructions.richardson.design import Certificate
from ickrr.constructions.richardson.prompts import Prompts, exact_system, require_within
from ickrr.constructions.richardson.relu_model import build
from ickrr.model.transformer import Transformer

BISECTIONS = 4


@dataclass(frozen=True)
class Check:
    """Measured sup errors over all prompts and queries.

    Attributes:
        layers: |prediction at layer l - kernel ridge regression|, (L+1).
        iterates: |prediction at layer l - Richardson iterate of its step|, (L+1), Richardson with the kernel
            that the interpolated |x|^2 makes.
        outputs: |prediction of the last layer - kernel ridge regression| of each prompt, (B).
    """

    layers: Tensor
    iterates: Tensor
    outputs: Tensor

    @property
    def error(self) -> float:
        """Sup error of the output."""
        return float(self.layers[-1])

    @property
    def iterate_error(self) -> float:
        """Sup over all layers of the distance to Richardson."""
        return float(self.iterates.max())

    def smallest_steps(self, accuracy: float) -> int:
        """Return the fewest steps after which the error stays within the accuracy; at most all of them."""
        above = torch.nonzero(~(self.layers <= accuracy)).flatten()
        last_above = int(above[-1]) if len(above) else -1
        return prediction_step(last_above + 1)


def interpolated_system(certificate: Certificate, prompts: Prompts) -> System:
    """Return the systems of w(x) k(x,x') w(x'), w = exp(-error/(2h^2)), which interpolated |x|^2 make."""
    problem = certificate.problem
    system = exact_system(problem, prompts)
    if problem.sphere:
        return system
    square = interpolants.square(problem.input_bound, certificate.units.norm)

    def factor(points: Tensor) -> Tensor:
        # One coordinate at a time: evaluated by definition, a bank makes `units` numbers of each input.
        error = sum(_by_interpolation(square, column) - column**2 for column in points.unbind(-1))
        return torch.exp(-torch.as_tensor(error) / (2 * problem.lengthscale**2))

    w, w_query = factor(prompts.x), factor(prompts.queries)  # (B, n), (B, Q)
    return System(
        w[..., :, None] * system.kernel * w[..., None, :],
        w_query[..., :, None] * system.cross * w[..., None, :],
        system.y,
        system.ridge,
    )


@torch.no_grad()
def check(model: Transformer, certificate: Certificate, prompts: Prompts, chunk: int) -> Check:
    """Run the model on prompts and measure it.

    Args:
        model: built model.
        certificate: what it was built for.
        prompts: prompts within the bounds of the problem.
        chunk: prompts per forward pass.

    Raises:
        ConstructionError: the prompts violate the bounds.
    """
    problem = certificate.problem
    require_within(problem, prompts)
    parts = []
    for start in range(0, len(prompts.families), chunk):
        part = prompts[start : start + chunk]
        solution = exact_system(problem, part).solution()  # (b, Q)
        richardson = interpolated_system(certificate, part).richardson(problem.preconditioner)
        step, iterate = 0, next(richardson)
        layers, iterates = [], []
        for layer, stream in enumerate(model.query_layers(part.x, part.y, part.queries)):
            prediction = model.read(stream)  # (b, Q)
            if prediction_step(layer) > step:
                step, iterate = step + 1, next(richardson)
            layers.append((prediction - solution).abs().amax(1))
            iterates.append((prediction - iterate).abs().amax(1))
        parts.append((torch.stack(layers), torch.stack(iterates)))  # (L+1, b) each
    errors, distances = (torch.cat(pieces, dim=1) for pieces in zip(*parts, strict=True))
    # amax keeps NaN, so that a model that fails altogether does not pass.
    return Check(errors.amax(1), distances.amax(1), errors[-1])


@dataclass(frozen=True)
class Trial:
    """One width that was tried.

    Attributes:
        width: hidden units of the widest MLP.
        error: measured sup error.
    """

    width: int
    error: float


def smallest_width(
    certificate: Certificate, accuracy: float, full_error: float, prompts: Prompts, chunk: int
) -> list[Trial]:
    """Search the smallest width that still reaches the accuracy, all interpolants shrunk by one factor.

    Halves until the accuracy is missed, then bisects the factor.

    Args:
        certificate: the construction at its full width.
        accuracy: epsilon.
        full_error: measured sup error at the full width, at most the accuracy.
        prompts: prompts that the narrower models are tried on.
        chunk: prompts per forward pass.

    Returns:
        Every width tried, in order; the smallest that passes is the answer.
    """
    trials = [Trial(certificate.width, full_error)]

    def passes(factor: float) -> bool:
        smaller = replace(certificate, units=certificate.units.scaled(factor))
        error = check(build(smaller), smaller, prompts, chunk).error
        trials.append(Trial(smaller.width, error))
        return error <= accuracy

    enough = 1.0
    while enough * min(certificate.units.update, certificate.units.readout) > 2 and passes(enough / 2):
        enough /= 2
    short = enough / 2
    for _ in range(BISECTIONS):
        middle = (enough * short) ** 0.5
        if passes(middle):
            enough = middle
        else:
            short = middle
    return trials


def _by_interpolation(square: interpolants.PiecewiseLinear, z: Tensor) -> Tensor:
    """Evaluate the interpolant of z^2 in closed form: on [a, b] it is (a + b) z - a b."""
    spacing = float(square.knots[1] - square.knots[0])
    low = torch.floor((z - square.knots[0]) / spacing) * spacing + square.knots[0]
    return (2 * low + spacing) * z - low * (low + spacing)
