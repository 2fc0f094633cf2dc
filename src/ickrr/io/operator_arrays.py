"""Arrays of the attention of trained models, as the step ``measure_operators`` writes them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ickrr.io.checks import Array, load_checked
from ickrr.io.origin import require_equal
from ickrr.io.tensors import read_metadata

SHAPES: dict[str, tuple[None, ...]] = {
    "distances": (None,) * 6,
    "controls": (None,) * 6,
    "left": (None,) * 3,
    "bandwidths": (None,) * 4,
    "best": (None,) * 2,
    "predictions": (None,) * 3,
}


def load_operator_arrays(run: str, paths: Mapping[int, Path]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read what was measured of all K seeds of a run.

    Args:
        run: name of the run.
        paths: the file of each seed.

    Returns:
        Names of what the axes hold, and the arrays, each with the seeds as its first axis.

    Raises:
        FileError: a file is missing, damaged, of another run or seed, or has other levels than the first.
    """
    found, names = [], None
    for seed, path in paths.items():
        metadata = read_metadata(path)
        origin = {"run": metadata.get("run", {}).get("name"), "seed": metadata.get("seed")}
        require_equal(path, "origin", origin, {"run": run, "seed": seed}, f"run '{run}'")
        names = names or metadata["names"]
        require_equal(path, "names", metadata["names"], names, f"seed {next(iter(paths))}")
        found.append(load_checked(path, SHAPES))
    assert names is not None, "a run has at least one seed"
    return names, {name: np.stack([arrays[name] for arrays in found]) for name in SHAPES}
