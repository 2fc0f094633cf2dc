"""Prompts that a run is judged on, and the metadata that tell to which run a file belongs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ickrr.config.run import RunSettings
from ickrr.config.task import Stored
from ickrr.errors import FileError
from ickrr.io.checks import Array, load_checked
from ickrr.io.origin import ADVICE, require_equal
from ickrr.io.tensors import read_metadata


def load_prompts(path: str | Path, run: RunSettings, split: Stored) -> dict[str, Array]:
    """Read a set of prompts of the run's task.

    Args:
        path: a file of the step ``sample_prompts``.
        run: the run that it is used for.
        split: what it must have been drawn for, so that nothing is judged on what it was fitted to.

    Returns:
        `x` (B, N+1, d), `y`, `f`, `posterior_mean` and `posterior_variance`, each (B, N+1).

    Raises:
        FileError: the prompts were drawn from another task or for another split, or an array is missing or
            has another shape.
    """
    found = read_metadata(path).get("prompts")
    wanted = {"task_name": run.task_name, "split": split, "task": run.task.model_dump(mode="json")}
    given = {key: found.get(key) for key in wanted} if isinstance(found, Mapping) else None
    require_equal(path, "prompts", given, wanted, f"run '{run.name}'")
    lengths = run.task.context_length + 1
    labels = dict.fromkeys(("y", "f", "posterior_mean", "posterior_variance"), (None, lengths))
    arrays = load_checked(path, {"x": (None, lengths, run.task.dimension), **labels})
    if len({len(array) for array in arrays.values()}) != 1:
        counts = {name: len(array) for name, array in arrays.items()}
        raise FileError(f"{path}: arrays have different numbers of prompts, {counts}; {ADVICE}")
    return arrays


def run_metadata(run: RunSettings, seed: int) -> dict[str, Any]:
    """Metadata by which a file of a trained run is recognised."""
    return {"run": run.model_dump(mode="json"), "seed": seed}
