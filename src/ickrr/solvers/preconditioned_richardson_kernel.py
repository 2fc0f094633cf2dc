"""Richardson with W = omega diag(K 1)^-1, the softmax normaliser of the sources.

With omega = 1 it diverges wherever an eigenvalue of W A exceeds 2; at n = 1 that is 1 + lambda.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.stationary import stationary_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Preconditioned Richardson, row sums without ridge"
SHORT = "Precond. Rich. (kernel)"  # in legends
PROPER = False  # keeps its capital inside a sentence
LOOK = ("#BB3344", "P", ":")  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 2.0 * points**2


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    return stationary_iteration(system, settings.omega * system.masked_inverse(system.row_sums))
