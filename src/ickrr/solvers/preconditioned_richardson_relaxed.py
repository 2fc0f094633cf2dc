"""Preconditioned Richardson, W = omega diag(A 1)^-1, with omega chosen on the fit prompts of the task."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.stationary import stationary_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Preconditioned Richardson, relaxation tuned"
SHORT = "Precond. Rich. (relaxed)"  # in legends
PROPER = False  # keeps its capital inside a sentence
LOOK = ("#D98880", "P", ":")  # colour, marker, line
TUNED: Final = True
"""`ickrr.solvers.relaxation` chooses the omega that it is given."""


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 2.0 * points**2


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    weights = settings.omega * system.masked_inverse(system.row_sums + system.ridge)
    return stationary_iteration(system, weights)
