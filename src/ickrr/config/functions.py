"""Settings of prediction curves on one-dimensional inputs."""

from typing import Annotated

from pydantic import Field

from ickrr.config.fields import Settings, setting
from ickrr.config.solvers import SolverName


class FunctionSettings(Settings):
    """Prediction curves on one-dimensional inputs."""

    prompts: int = setting(3, "Evaluation prompts that are traced, the first ones", unit="prompts", ge=1)
    context_lengths: list[Annotated[int, Field(ge=1)]] = setting(
        [6, 20], "Context lengths at which they are traced", unit="pairs", min_length=1
    )
    grid: int = setting(81, "Query points on the range of the inputs", unit="points", ge=2)
    solver: SolverName = setting(
        "preconditioned_richardson", "Solver whose iterates are traced beside the layers"
    )
