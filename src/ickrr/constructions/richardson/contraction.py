"""How fast Richardson really contracts: rho(I - G^-1 A) of random and adversarial prompts.

The factor is max(1 - smallest, largest - 1) over the eigenvalues of the symmetric G^-1/2 A G^-1/2; above 1
the iteration diverges. Beside it stand the theorem's bound, and the rate that a spectral gap of the
row-stochastic matrix D^-1 K would give if Richardson's rate were that gap: by Cheeger's inequality the gap is
at least alpha^2/8, with alpha the smallest kernel value over the largest, free of N.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.config.constructions import ContractionSettings
from ickrr.constructions.richardson.problem import effective_ridge
from ickrr.constructions.richardson.reference import row_weights
from ickrr.kernels.distances import squared_distances
from ickrr.kernels.gaussian import profile as gaussian
from ickrr.laws import draw_inputs
from ickrr.randomness import torch_generator

PRECONDITIONERS = ("ridge", "kernel")
FEWEST = 4
TIGHT = 1e-3  # radius of a tight cluster


@dataclass(frozen=True)
class Case:
    """Prompts of one kind.

    Attributes:
        family: input law, or kind of adversarial set.
        lengthscale: h.
        x: inputs, (B, N, d), float64.
    """

    family: str
    lengthscale: float
    x: Tensor


def cases(settings: ContractionSettings, context_length: int) -> Iterator[Case]:
    """Draw the prompts of one context length: every law and every adversarial set, at every lengthscale."""
    count = min(settings.most_prompts, max(FEWEST, settings.points // context_length))
    for law in settings.laws:
        generator = torch_generator(settings.seed, "contraction", law, context_length)
        x = draw_inputs(law, (count, context_length, settings.dimension), generator)
        for lengthscale in settings.lengthscales:
            yield Case(law, lengthscale, x)
    for name, place in ADVERSARIES.items():
        generator = torch_generator(settings.seed, "contraction", name, context_length)
        x = place(context_length, settings.dimension, generator)[None]
        for lengthscale in settings.lengthscales:
            yield Case(name, lengthscale, x)


def contraction_factors(kernel: Tensor, ridge: float, preconditioner: str) -> Tensor:
    """Spectral radius of I - G^-1 A for each kernel matrix.

    Args:
        kernel: K, (B, n, n), float64.
        ridge: lambda.
        preconditioner: "ridge" or "kernel".

    Returns:
        (B).
    """
    scale = row_weights(kernel, ridge, preconditioner).rsqrt()  # (B, n)
    matrix = kernel * scale[..., :, None] * scale[..., None, :]
    matrix.diagonal(dim1=-2, dim2=-1).add_(ridge * scale.square())
    values = torch.linalg.eigvalsh(matrix)  # (B, n), ascending
    return torch.maximum(1 - values[:, 0], values[:, -1] - 1)


def contraction_bound(context_length: int, ridge: float, preconditioner: str) -> float:
    """Bound of the theorem for all prompts: N/(N + ridge), or max(1 - ridge/N, ridge)."""
    if preconditioner == "ridge":
        return context_length / (context_length + ridge)
    return max(1 - ridge / context_length, ridge)


def gap_rate(kernel: Tensor) -> Tensor:
    """Rate 1 - alpha^2/8 that the spectral-gap argument would give each prompt, (B)."""
    alpha = kernel.flatten(1).amin(1) / kernel.flatten(1).amax(1)
    return 1 - alpha**2 / 8


def measure(settings: ContractionSettings, context_length: int) -> list[dict[str, object]]:
    """Contraction factors of every prompt of one context length, one row each."""
    ridges = [("fixed", sigma**2) for sigma in settings.noise_stds]
    ridges += [("scaled", value) for value in settings.scaled_ridges]
    rows: list[dict[str, object]] = []
    for case in cases(settings, context_length):
        kernel = gaussian(squared_distances(case.x, case.x), case.lengthscale)  # (B, n, n)
        gaps = gap_rate(kernel)
        for scaling, value in ridges:
            ridge = effective_ridge(scaling, value, context_length)  # type: ignore[arg-type]
            for preconditioner in PRECONDITIONERS:
                factors = contraction_factors(kernel, ridge, preconditioner)
                bound = contraction_bound(context_length, ridge, preconditioner)
                rows += [
                    {
                        "family": case.family,
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


def _equal(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    return _sphere(1, dimension, generator).expand(count, -1)


def _duplicates(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    return _sphere(-(-count // 2), dimension, generator).repeat_interleave(2, dim=0)[:count]


def _clusters(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    centres = _sphere(4, dimension, generator)
    return centres[torch.arange(count) % 4] + TIGHT * _sphere(count, dimension, generator)


def _two_far(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    side = torch.where(torch.arange(count) < count // 4, 1.0, -1.0).double()[:, None]
    return 4 * side * _sphere(1, dimension, generator)


def _sphere(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    return draw_inputs("spherical", (count, dimension), generator)


ADVERSARIES: dict[str, Callable[[int, int, torch.Generator], Tensor]] = {
    "all equal": _equal,
    "duplicates": _duplicates,
    "tight clusters": _clusters,
    "two far clusters": _two_far,
}
