"""Chebyshev semi-iteration on the exact spectral interval of each A_n (Saad, 2003, Algorithm 12.1).

Saad's rho is carried as c = rho delta, which needs no division by the half width delta: a system with one
eigenvalue (n = 1) has delta = 0 and is solved in one step.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Chebyshev"
SHORT = "Chebyshev"  # in legends
PROPER = True  # keeps its capital inside a sentence
LOOK = ("#004488", "X", ":")  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 2.0 * points**2


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    import torch

    smallest, largest = spectral_interval(system)
    center, half_width = (largest + smallest) / 2, (largest - smallest) / 2  # (B, prefixes)
    scale = half_width.square() / center  # (B, prefixes)
    residual = system.right_hand_sides.clone()  # (B, points, prefixes)
    update = residual / center[:, None, :]  # (B, points, prefixes)
    predictions = torch.zeros_like(system.labels)  # (B, prefixes)
    while True:
        yield predictions
        product = torch.bmm(system.kernel, update)  # (B, points, prefixes)
        predictions = predictions + product.diagonal(dim1=1, dim2=2)
        residual -= product * system.mask + system.ridge * update
        divisor = 2 * center - scale  # (B, prefixes)
        update = (scale / divisor)[:, None, :] * update + (2 / divisor)[:, None, :] * residual
        scale = half_width.square() / divisor


def spectral_interval(system: "KernelSystem") -> "tuple[Tensor, Tensor]":
    """Return the smallest and the largest eigenvalue of each A_n, both (B, prefixes); lambda for n = 0."""
    import torch

    smallest = torch.full_like(system.labels, system.ridge)
    largest = torch.full_like(system.labels, system.ridge)
    for n in range(1, system.points):
        eigenvalues = torch.linalg.eigvalsh(system.kernel[:, :n, :n])  # (B, n), ascending
        # K has no negative eigenvalues, but rounding may return some.
        smallest[:, n] += eigenvalues[:, 0].clamp_min(0)
        largest[:, n] += eigenvalues[:, -1]
    return smallest, largest
