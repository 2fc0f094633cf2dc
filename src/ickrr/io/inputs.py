"""Reading of arrays and prompts, each checked: a file that does not fit the run at hand is refused."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ickrr.config.run import RunSettings
from ickrr.config.task import Split
from ickrr.errors import FileError
from ickrr.io.origin import ADVICE, require_equal
from ickrr.io.tensors import load_arrays, read_metadata

Array = npt.NDArray[np.float64]

OF_LABELS: Final = ("y", "f", "posterior_mean", "posterior_variance")
"""Arrays of a prompt set that hold a number for each label."""


def load_checked(path: str | Path, shapes: Mapping[str, tuple[int | None, ...]]) -> dict[str, Array]:
    """Read a safetensors file that must hold certain arrays.

    Args:
        path: the file.
        shapes: shape by name; None stands for any size.

    Returns:
        The named arrays.

    Raises:
        FileError: the file cannot be read, or an array is missing or has another shape.
    """
    arrays = load_arrays(path)
    for name, shape in shapes.items():
        if name not in arrays:
            raise FileError(f"{path}: has no array '{name}', only {sorted(arrays)}; {ADVICE}")
        found = arrays[name].shape
        fits = len(found) == len(shape) and all(
            wanted in (None, size) for wanted, size in zip(shape, found, strict=True)
        )
        if not fits:
            wanted = "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
            raise FileError(f"{path}: array '{name}' has shape {found}, wanted {wanted}; {ADVICE}")
    return {name: arrays[name] for name in shapes}


def load_prompts(path: str | Path, run: RunSettings, split: Split) -> dict[str, Array]:
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
    labels = dict.fromkeys(OF_LABELS, (None, lengths))
    arrays = load_checked(path, {"x": (None, lengths, run.task.dimension), **labels})
    if len({len(array) for array in arrays.values()}) != 1:
        counts = {name: len(array) for name, array in arrays.items()}
        raise FileError(f"{path}: arrays have different numbers of prompts, {counts}; {ADVICE}")
    return arrays


def run_metadata(run: RunSettings, seed: int) -> dict[str, Any]:
    """Return the metadata by which a file of a run and a seed is recognised."""
    return {"run": run.model_dump(mode="json"), "seed": seed}
