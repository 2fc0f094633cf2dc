"""How fast Richardson contracts: rho(I - G^-1 A) of random and adversarial prompts.

The factor is max(1 - smallest, largest - 1) over the eigenvalues of the symmetric G^-1/2 A G^-1/2; above 1
the iteration diverges. With it come the theorem's bound, and the rate that a spectral gap of the
row-stochastic matrix D^-1 K would give if Richardson's rate were that gap: by Cheeger's inequality the gap is
at least alpha^2/8, with alpha the smallest kernel value over the largest, whatever N is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal, get_args

import torch
from torch import Tensor

from ickrr.config.constructions import ContractionSettings, PreconditionerName, RidgeScaling
from ickrr.constructions.dense_system import row_weights
from ickrr.constructions.richardson import geometries
from ickrr.constructions.richardson.problem import effective_ridge
from ickrr.kernels.distances import squared_distances
from ickrr.kernels.gaussian import profile as gaussian
from ickrr.laws import draw_inputs
from ickrr.randomness import torch_generator

PRECONDITIONERS: Final[tuple[PreconditionerName, ...]] = get_args(PreconditionerName)
FAR: Final = 4.0  # norm of the points in two far clusters


@dataclass(frozen=True)
class Case:
    """Prompts of one kind.

    Attributes:
        family: input law, or name of an adversarial set.
        kind: which of the two it is.
        lengthscale: h.
        x: inputs, (B, N, d), float64.
    """

    family: str
    kind: Literal["law", "adversarial"]
    lengthscale: float
    x: Tensor


def cases(settings: ContractionSettings, context_length: int) -> Iterator[Case]:
    """Draw the prompts of one context length: every law and every adversarial set, at every lengthscale."""
    count = settings.prompts_at(context_length)
    for law in settings.laws:
        generator = torch_generator(settings.seed, "contraction", law, context_length)
        x = draw_inputs(law, (count, context_length, settings.dimension), generator)
        for lengthscale in settings.lengthscales:
            yield Case(law, "law", lengthscale, x)
    for name, place in ADVERSARIES.items():
        generator = torch_generator(settings.seed, "contraction", name, context_length)
        x = place(context_length, settings.dimension, generator)[None]
        for lengthscale in settings.lengthscales:
            yield Case(name, "adversarial", lengthscale, x)


def contraction_factors(kernel: Tensor, ridge: float, preconditioner: PreconditionerName) -> Tensor:
    """Return the spectral radius of I - G^-1 A for each kernel matrix.

    Args:
        kernel: K, (B, n, n), float64.
        ridge: lambda.
        preconditioner: "ridge" or "kernel".

    Returns:
        (B).
    """
    scale = row_weights(kernel, ridge, preconditioner).rsqrt()  # (B, n)
    matrix = kernel * scale[..., :, None] * scale[..., None, :]  # (B, n, n)
    matrix.diagonal(dim1=-2, dim2=-1).add_(ridge * scale.square())
    values = torch.linalg.eigvalsh(matrix)  # (B, n), ascending
    return torch.maximum(1 - values[:, 0], values[:, -1] - 1)


def contraction_bound(context_length: int, ridge: float, preconditioner: PreconditionerName) -> float:
    """Return the theorem's bound for all prompts: N/(N + ridge), or max(1 - ridge/N, ridge)."""
    if preconditioner == "ridge":
        return context_length / (context_length + ridge)
    return max(1 - ridge / context_length, ridge)


def gap_rate(kernel: Tensor) -> Tensor:
    """Return the rate 1 - alpha^2/8 that the spectral-gap argument would give each prompt, (B)."""
    alpha = kernel.flatten(1).amin(1) / kernel.flatten(1).amax(1)  # (B, n, n) -> (B)
    return 1 - alpha**2 / 8


def measure(settings: ContractionSettings, context_length: int) -> list[dict[str, object]]:
    """Return the contraction factors of every prompt of one context length, one row for each factor."""
    ridges: list[tuple[RidgeScaling, float]] = [("fixed", sigma**2) for sigma in settings.noise_stds]
    ridges += [("scaled", value) for value in settings.scaled_ridges]
    rows: list[dict[str, object]] = []
    for case in cases(settings, context_length):
        kernel = gaussian(squared_distances(case.x, case.x), case.lengthscale)  # (B, n, n)
        gaps = gap_rate(kernel)
        for scaling, value in ridges:
            ridge = effective_ridge(scaling, value, context_length)
            for preconditioner in PRECONDITIONERS:
                factors = contraction_factors(kernel, ridge, preconditioner)
                bound = contraction_bound(context_length, ridge, preconditioner)
                rows += [
                    {
                        "family": case.family,
                        "kind": case.kind,
                        "lengthscale": case.lengthscale,
                        "scaling": scaling,
                        "ridge": value,
                        "preconditioner": preconditioner,
                        "context_length": context_length,
                        "prompt": index,
                        "factor": float(factor),
                        "bound": bound,
                        "gap_rate": float(gap),
                    }
                    for index, (factor, gap) in enumerate(zip(factors, gaps, strict=True))
                ]
    return rows


ADVERSARIES: Final[dict[str, Callable[[int, int, torch.Generator], Tensor]]] = {
    geometries.ALL_EQUAL: lambda count, dimension, generator: geometries.all_equal(
        count, dimension, 1.0, generator
    ),
    geometries.DUPLICATES: lambda count, dimension, generator: geometries.duplicates(
        count, dimension, 1.0, generator
    ),
    geometries.TIGHT_CLUSTERS: lambda count, dimension, generator: geometries.tight_clusters(
        count, dimension, 1.0, geometries.TIGHT, generator
    ),
    geometries.TWO_CLUSTERS: lambda count, dimension, generator: geometries.two_clusters(
        count, dimension, FAR, generator
    ),
}
"""Adversarial points by name: (N, d) for N, d and a generator."""
