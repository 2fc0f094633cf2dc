"""Newton-Schulz iteration for the inverse, from M_0 = I / ||A||_inf (Schulz, 1933).

It passes through Richardson's predictions at the powers of two.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.inverse import inverse_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Newton–Schulz"
SHORT = "Newton–Schulz"  # in legends
PROPER = True  # keeps its capital inside a sentence
LOOK = ("#E9B949", "D", (0, (4, 1, 1, 1, 1, 1)))  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 4.0 * points**3


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    import torch

    def start(matrix: "Tensor", norms: "Tensor") -> "Tensor":
        return torch.eye(matrix.shape[-1], dtype=matrix.dtype, device=matrix.device) / norms

    return inverse_iteration(system, start)
