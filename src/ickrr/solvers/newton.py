"""Newton's iteration for the inverse, from M_0 = A / ||A||_inf^2, a multiple of A (Fu et al., 2024)."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.inverse import inverse_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Newton from a multiple of the matrix"
SHORT = "Newton"  # in legends
PROPER = True  # keeps its capital inside a sentence
LOOK = ("#E9B949", "d", ":")  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 4.0 * points**3


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    return inverse_iteration(system, lambda matrix, norms: matrix / norms**2)
