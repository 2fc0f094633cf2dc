"""The prompts that candidates and nulls are computed from, with kernel matrices of any lengthscale."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from ickrr.config.run import RunSettings
from ickrr.config.task import Stored
from ickrr.errors import ConfigError
from ickrr.io.run_files import load_prompts
from ickrr.randomness import torch_generator
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import bayes_ridge, sample_prompts

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Prompts of one task with a Gaussian kernel.

    Attributes:
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1).
        lengthscale: h.
        ridge: lambda.
    """

    x: Array
    y: Array
    lengthscale: float
    ridge: float

    @cached_property
    def squared_distances(self) -> Array:
        """Return |x_i - x_j|^2, (B, N+1, N+1)."""
        total = np.zeros((*self.y.shape, self.y.shape[1]))
        for coordinate in np.moveaxis(self.x, 2, 0):
            total += (coordinate[:, :, None] - coordinate[:, None, :]) ** 2
        return total

    def kernel(self, factor: float = 1.0) -> Array:
        """Return the Gaussian kernel matrix at `factor` times the lengthscale, (B, N+1, N+1)."""
        matrix: Array = np.exp(self.squared_distances * (-0.5 / (factor * self.lengthscale) ** 2))
        return matrix

    def system(self) -> KernelSystem:
        """Return the linear systems of all prefixes, for the pipeline's solvers."""
        return KernelSystem(torch.from_numpy(self.kernel()), torch.from_numpy(self.y), self.ridge)

    def part(self, prompts: slice | npt.NDArray[np.intp]) -> "Problem":
        """Return some of the prompts."""
        return Problem(self.x[prompts], self.y[prompts], self.lengthscale, self.ridge)


def stored_problem(path: Path, run: RunSettings, split: Stored) -> Problem:
    """Read stored prompts of a run's task.

    Raises:
        ConfigError: the kernel of the task is not the Gaussian.
        FileError: the file is missing, damaged, or of another task or split.
    """
    _require_gaussian(run)
    arrays = load_prompts(path, run, split)
    return Problem(arrays["x"], arrays["y"], run.task.lengthscale, bayes_ridge(run.task))


def fresh_problem(run: RunSettings, count: int, seed: int) -> Problem:
    """Draw prompts of a run's task that nothing was trained, fitted or evaluated on.

    Their stream of random numbers is that of the seed, the task and this purpose, so that runs of one task
    are identified on the same prompts.

    Args:
        run: whose task they are of.
        count: number B of prompts.
        seed: of the identification.

    Raises:
        ConfigError: the kernel of the task is not the Gaussian.
    """
    _require_gaussian(run)
    drawn = sample_prompts(run.task, count, torch_generator(seed, "identification", run.task_name))
    return Problem(drawn.x.numpy(), drawn.y.numpy(), run.task.lengthscale, bayes_ridge(run.task))


def _require_gaussian(run: RunSettings) -> None:
    if run.task.kernel != "gaussian":
        raise ConfigError(
            f"run '{run.name}': its kernel is '{run.task.kernel}'; only layers of models that learned the "
            "gaussian one can be identified"
        )
