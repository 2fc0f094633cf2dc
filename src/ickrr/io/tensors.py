"""Arrays on disk: safetensors with one JSON metadata record, so that nothing is ever unpickled.

All of the metadata is under a single key: safetensors writes several keys in random order, and equal
results must be equal bytes.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from ickrr.errors import FileError
from ickrr.io.files import atomic_path

if TYPE_CHECKING:
    import numpy as np
    import torch

METADATA_KEY = "ickrr"


def save_tensors(
    path: str | Path,
    tensors: Mapping[str, "torch.Tensor"],
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write named torch tensors (moved to the CPU, made contiguous) atomically.

    Args:
        path: target file.
        tensors: arrays by name.
        metadata: anything JSON can hold.
    """
    from safetensors.torch import save_file

    record = {METADATA_KEY: json.dumps(metadata or {}, sort_keys=True)}
    with atomic_path(path) as temporary:
        plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
        save_file(plain, temporary, metadata=record)


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Read the metadata record of a file.

    Raises:
        FileError: the file is missing, truncated, or was not written by `save_tensors`.
    """
    with _opened(path, "numpy") as handle:
        record = (handle.metadata() or {}).get(METADATA_KEY)
    if record is None:
        raise FileError(f"{path}: has no '{METADATA_KEY}' metadata, so it was not written by this project")
    metadata: dict[str, Any] = json.loads(record)
    return metadata


def load_tensors(path: str | Path, device: str = "cpu") -> dict[str, "torch.Tensor"]:
    """Read all arrays of a file as torch tensors.

    Raises:
        FileError: the file is missing or truncated.
    """
    with _opened(path, "pt", device) as handle:
        return {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 - not a dict


def load_arrays(path: str | Path) -> dict[str, "np.ndarray"]:
    """Read all arrays of a file as NumPy arrays, without importing torch.

    Raises:
        FileError: the file is missing or truncated.
    """
    with _opened(path, "numpy") as handle:
        return {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 - not a dict


def _opened(path: str | Path, framework: str, device: str = "cpu") -> Any:
    try:
        return safe_open(str(path), framework=framework, device=device)
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file; run snakemake to make it") from error
    except (SafetensorError, OSError) as error:
        raise FileError(
            f"{path}: not a readable safetensors file ({error}); delete it and run snakemake again"
        ) from error
