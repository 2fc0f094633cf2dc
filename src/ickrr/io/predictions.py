"""Predictions on the evaluation prompts of a run: those of its trained models, and those of the solvers."""

from pathlib import Path

from ickrr.config.run import RunSettings
from ickrr.io.checks import Array, load_checked
from ickrr.io.origin import require_equal
from ickrr.io.run_files import run_metadata
from ickrr.io.tensors import read_metadata


def load_predictions(
    path: Path, run: RunSettings, seed: int, prompts: tuple[int, int]
) -> tuple[Array, Array]:
    """Read the predictions of one trained model.

    Args:
        path: a file of the step ``probe_model``.
        run: the run that they must be of.
        seed: the seed that they must be of.
        prompts: number B of prompts, and N+1.

    Returns:
        Those of its layers, (L+1, B, N+1), and its own, (B, N+1).

    Raises:
        FileError: the file is missing, damaged, or of another run or seed.
    """
    metadata = read_metadata(path)
    for key, wanted in run_metadata(run, seed).items():
        require_equal(path, key, metadata.get(key), wanted, f"run '{run.name}' as it is now")
    arrays = load_checked(path, {"layers": (run.model.layers + 1, *prompts), "output": prompts})
    return arrays["layers"], arrays["output"]


def load_trajectory(path: Path, run: RunSettings, solver: str, steps: int, prompts: tuple[int, int]) -> Array:
    """Read a solver's predictions, (T+1, B, N+1).

    Args:
        path: a file of the step ``solve_prompts``.
        run: a run of the task that they must be of.
        solver: the solver that they must be of.
        steps: last step T.
        prompts: number B of prompts, and N+1.

    Raises:
        FileError: the file is missing, damaged, or of another solver, task or number of steps.
    """
    wanted = {"prompts": f"{run.task_name}-evaluation", "solver": solver, "steps": steps}
    require_equal(path, "metadata", read_metadata(path), wanted, f"run '{run.name}'")
    return load_checked(path, {"predictions": (steps + 1, *prompts)})["predictions"]
