"""Prompts of a problem, their linear systems, and the refusal of data beyond the problem's bounds."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.constructions.dense_system import System
from ickrr.constructions.richardson.problem import Problem
from ickrr.errors import ConstructionError
from ickrr.kernels.distances import squared_distances
from ickrr.kernels.gaussian import profile as gaussian


@dataclass(frozen=True)
class Prompts:
    """Contexts with several queries each.

    Attributes:
        x: inputs, (B, n, d), float64.
        y: labels, (B, n).
        queries: (B, Q, d).
        families: name of the kind of each prompt, B of them.
    """

    x: Tensor
    y: Tensor
    queries: Tensor
    families: list[str]

    def __getitem__(self, part: slice) -> "Prompts":
        return Prompts(self.x[part], self.y[part], self.queries[part], self.families[part])


def exact_system(problem: Problem, prompts: Prompts) -> System:
    """Return the systems of the Gaussian kernel."""
    x, queries = prompts.x, prompts.queries
    kernel = gaussian(squared_distances(x, x), problem.lengthscale)
    cross = gaussian(squared_distances(queries, x), problem.lengthscale)
    return System(kernel, cross, prompts.y, problem.ridge)


def require_within(problem: Problem, prompts: Prompts) -> None:
    """Refuse data that violate the bounds that the weights were made for.

    Raises:
        ConstructionError: names the bound, the largest value found and the value allowed.
    """
    slack = 1 + 1e-12  # points on the bound may round to just above it
    norms = torch.cat([points.norm(dim=-1).flatten() for points in (prompts.x, prompts.queries)])
    if problem.sphere and float((norms / problem.input_bound - 1).abs().max()) > 1e-12:
        raise ConstructionError(
            f"sphere: |x| is from {float(norms.min()):g} to {float(norms.max()):g}, but the weights "
            f"were made for |x| = {problem.input_bound:g}; normalise the data, or build weights for a ball"
        )
    checks = (
        ("dimension", prompts.x.shape[-1], problem.dimension, prompts.x.shape[-1] == problem.dimension),
        ("context_length", prompts.x.shape[1], problem.context_length, True),
        ("input_bound: |x|", float(norms.max()), problem.input_bound, True),
        (
            "label_bound: |y|",
            float(prompts.y.abs().max()) if prompts.y.numel() else 0.0,
            problem.label_bound,
            True,
        ),
    )
    for name, found, allowed, fits in checks:
        if not fits or not found <= allowed * slack:
            raise ConstructionError(
                f"{name}: the data have {found:g}, the weights were made for {allowed:g}; rescale the data, "
                "or build weights for this bound"
            )
