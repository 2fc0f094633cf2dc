"""Reading of arrays, each checked: a file that does not hold what its reader needs is refused."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ickrr.errors import FileError
from ickrr.io.origin import ADVICE
from ickrr.io.tensors import load_arrays

Array = npt.NDArray[np.float64]


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
