"""What the built model is checked against, in float64: kernel ridge regression by Cholesky, and Richardson.

Neither uses the model: p_t = k_q^T a_t, a_0 = 0, a <- a + G^-1 (y - (K + ridge I) a).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

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


@dataclass(frozen=True)
class System:
    """The linear systems of some prompts.

    Attributes:
        kernel: K, (B, n, n), float64.
        cross: k_q, (B, Q, n).
        y: (B, n).
        ridge: lambda.
    """

    kernel: Tensor
    cross: Tensor
    y: Tensor
    ridge: float

    def solution(self) -> Tensor:
        """Kernel ridge regression at the queries by Cholesky, (B, Q)."""
        matrix = self.kernel + self.ridge * torch.eye(self.y.shape[1], dtype=torch.float64)
        factor = torch.linalg.cholesky(matrix)
        dual = torch.cholesky_solve(self.y[..., None], factor)  # (B, n, 1)
        return (self.cross @ dual)[..., 0]

    def richardson(self, preconditioner: str) -> Iterator[Tensor]:
        """Predictions p_0, p_1, .. of preconditioned Richardson without end, (B, Q) each."""
        weights = row_weights(self.kernel, self.ridge, preconditioner)[..., None]  # (B, n, 1)
        target = self.y[..., None]  # (B, n, 1)
        dual = torch.zeros_like(target)
        while True:
            yield (self.cross @ dual)[..., 0]
            dual = dual + (target - self.kernel @ dual - self.ridge * dual) / weights


def row_weights(kernel: Tensor, ridge: float, preconditioner: str) -> Tensor:
    """Row sums G of K + ridge I ("ridge") or of K ("kernel"), (B, n), for K (B, n, n)."""
    sums = kernel.sum(-1)
    return sums + ridge if preconditioner == "ridge" else sums


def exact_system(problem: Problem, prompts: Prompts) -> System:
    """Systems of the Gaussian kernel itself."""
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
