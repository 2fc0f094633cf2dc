"""Jacobi with W = gamma diag(A)^-1, gamma = jacobi_damping / ||diag(A_n)^-1 A_n||_inf.

Kernels that the solvers are run on have k(x, x) = 1: this is Richardson with its step times jacobi_damping.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.stationary import stationary_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Damped Jacobi"
SHORT = "Damped Jacobi"  # in legends
PROPER = False  # keeps its capital inside a sentence
LOOK = ("#777777", "*", ":")  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 2.0 * points**2


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    import torch

    diagonal = system.kernel.diagonal(dim1=1, dim2=2)[:, :, None] + system.ridge  # (B, points, 1)
    relative_sums = (system.row_sums + system.ridge * system.mask) / diagonal  # (B, points, prefixes)
    # The empty prefix has no rows; its weights are masked to zero below, so any divisor serves.
    norms = relative_sums.amax(dim=1).clamp_min(torch.finfo(torch.float64).tiny)  # (B, prefixes)
    return stationary_iteration(system, settings.jacobi_damping * system.mask / diagonal / norms[:, None, :])
