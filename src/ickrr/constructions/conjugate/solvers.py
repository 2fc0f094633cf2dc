"""Solvers that the built conjugate gradients are compared with, whatever the settings say; free of torch.

The digest of the job that compares them must cover the solvers, so the rules read them here.
"""

from typing import Final

REFERENCES: Final = {"cg": "conjugate_gradient", "pcg": "preconditioned_cg"}
"""The solver that each built model is, by subject of the summary."""

STATIONARY: Final = {
    "richardson": "richardson",
    "preconditioned_richardson": "preconditioned_richardson",  # the one that always converges
}
"""Solvers whose number of steps is compared with theirs, by subject of the summary."""
