"""The relaxation omega that makes a solver's steps best on some prompts.

Loss: the mean squared distance of the prediction from the converged one, over prompts, context lengths
n = 1..N and steps t = 1..T. Grid: `solvers.relaxations`.
"""

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem, converged


def is_tuned(name: str) -> bool:
    """Say whether a solver's relaxation is chosen on the fit prompts."""
    return bool(getattr(SOLVERS.load(name), "TUNED", False))


def tuned(name: str, system: KernelSystem, settings: SolverSettings) -> SolverSettings:
    """Return the settings with the omega of least loss in place of theirs; the first of several.

    Args:
        name: the solver.
        system: the systems of the prompts that it is chosen on.
        settings: the grid, and all else.
    """
    target = converged(system)[:, 1:]  # (B, N)

    def with_omega(omega: float) -> SolverSettings:
        return settings.model_copy(update={"omega": omega})

    def loss(omega: float) -> float:
        found = solve(name, system, settings.steps, with_omega(omega)).predictions[1:, :, 1:]  # (T, B, N)
        return float((found - target).square().mean())

    return with_omega(min(settings.relaxations, key=loss))
