"""Richardson (gradient descent on the dual) with the step 1 / ||A_n||_inf of each system."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.stationary import stationary_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Richardson"
SHORT = "Richardson"  # in legends
PROPER = True  # keeps its capital inside a sentence
LOOK = ("#004488", "o", "--")  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 2.0 * points**2


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    return stationary_iteration(system, system.mask / system.norms[:, None, :])
