"""Checks that a file holds the arrays, and comes from the settings, that its reader needs."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ickrr.errors import FileError
from ickrr.io.tensors import load_arrays

Array = npt.NDArray[np.float64]

ADVICE = "delete it and run snakemake again"


def load_checked(path: str | Path, shapes: Mapping[str, tuple[int | None, ...]]) -> dict[str, Array]:
    """Read a safetensors file that must hold certain arrays.

    Args:
        path: file.
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


def require_equal(path: str | Path, key: str, found: object, wanted: object, whose: str) -> None:
    """Refuse a file whose metadata differ from what is wanted, naming the first key that does.

    Args:
        path: file that is refused.
        key: name of the metadata entry.
        found: its value in the file; mappings are compared key by key.
        wanted: the value it must have.
        whose: what wants it.

    Raises:
        FileError: they differ.
    """
    if isinstance(found, Mapping) and isinstance(wanted, Mapping):
        for part in dict.fromkeys([*wanted, *found]):
            require_equal(path, f"{key}.{part}", found.get(part), wanted.get(part), whose)
    elif found != wanted:
        raise FileError(f"{path}: its '{key}' is {found!r}, but {whose} needs {wanted!r}; {ADVICE}")
