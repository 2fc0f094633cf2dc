"""Settings of the classical solvers, and of the nulls beside them."""

from typing import Annotated

from pydantic import Field

from ickrr.config.fields import Settings, setting
from ickrr.entries import NULLS, SOLVERS

SolverName = Annotated[str, SOLVERS]
NullName = Annotated[str, NULLS]
HEADLINE_SOLVERS: tuple[str, ...] = (
    "preconditioned_richardson",
    "richardson",
    "conjugate_gradient",
    "newton_schulz",
)


class SolverSettings(Settings):
    """The classical solvers."""

    headline: list[SolverName] = setting(
        list(HEADLINE_SOLVERS),
        "Solvers of the main comparison, in the order of figures and tables",
        min_length=1,
    )
    others: list[SolverName] = setting([], "Solvers shown beside them in tables")
    nulls: list[NullName] = setting(
        [],
        "Predictors that do not iterate, whose positions on a path are compared as the steps of solvers are",
    )
    steps: int = setting(
        64, "Last step T of every trajectory, and last position of every null", unit="steps", ge=1
    )
    omega: float = setting(1.0, "Relaxation of preconditioned Richardson", "sources", gt=0)
    relaxations: list[Annotated[float, Field(gt=0, lt=2)]] = setting(
        [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9],
        "Relaxations that the solver with a tuned one may have: it has the one with the least mean excess "
        "risk of steps 1..T on the first fit prompts of the task",
        min_length=1,
    )
    relaxation_prompts: int = setting(
        256, "Fit prompts that this relaxation is chosen on", unit="prompts", ge=1
    )
    jacobi_damping: float = setting(
        1.5,
        "Relaxation of damped Jacobi in units of 1/||diag(A)^-1 A||_inf; 1 would be plain Richardson",
        gt=0,
        lt=2,
    )
    chunk_prompts: int = setting(
        128, "Prompts solved at once; bounds the memory", "technical", "prompts", ge=1
    )

    @property
    def names(self) -> list[str]:
        """Return the names of all solvers without repetition, those of the main comparison first."""
        return list(dict.fromkeys([*self.headline, *self.others]))

    @property
    def compared(self) -> list[str]:
        """Return whatever layers are compared with: the names of all solvers, then those of the nulls."""
        return list(dict.fromkeys([*self.names, *self.nulls]))

    @property
    def alone(self) -> "SolverSettings":
        """Return the settings of the main comparison alone."""
        return self.model_copy(update={"others": [], "nulls": []})
