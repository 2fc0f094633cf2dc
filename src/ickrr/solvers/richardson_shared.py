"""Richardson with one step for all prompts of a length, 1 / (n + lambda), as fixed weights would have it.

No kernel of this project exceeds 1, so that ||A_n||_inf is at most n + lambda and the iteration is stable on
every prompt; coincident inputs reach the bound.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ickrr.config.solvers import SolverSettings
from ickrr.solvers.stationary import stationary_iteration

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

NAME = "Richardson with one step for all prompts"
SHORT = "Richardson (shared)"  # in legends
PROPER = True  # keeps its capital inside a sentence
LOOK = ("#6C9BD2", "X", ":")  # colour, marker, line


def flops_per_step(points: int) -> float:
    """Return the flops of one step on one system of so many points."""
    return 2.0 * points**2


def iterate(system: "KernelSystem", settings: SolverSettings) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    lengths = system.mask.sum(dim=-2, keepdim=True)  # n of each prefix
    return stationary_iteration(system, system.mask / (lengths + system.ridge))
