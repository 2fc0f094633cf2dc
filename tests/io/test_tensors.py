"""Arrays on disk."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from ickrr.errors import FileError
from ickrr.io.tensors import load_arrays, load_tensors, read_metadata, save_tensors

TENSORS = {"b": torch.arange(6.0).reshape(2, 3).T, "a": torch.tensor([1, 2], dtype=torch.int64)}


def test_round_trip(tmp_path: Path) -> None:
    """Fails if a value, shape, type or the metadata changes on the way through a file."""
    path = tmp_path / "x.safetensors"
    save_tensors(path, TENSORS, {"run": {"name": "spherical"}, "seed": 3})
    for name, tensor in load_tensors(path).items():
        assert torch.equal(tensor, TENSORS[name])
        assert tensor.dtype == TENSORS[name].dtype
    assert np.array_equal(load_arrays(path)["b"], TENSORS["b"].numpy())
    assert read_metadata(path) == {"run": {"name": "spherical"}, "seed": 3}


def test_equal_content_is_equal_bytes(tmp_path: Path) -> None:
    """Fails if the order of tensors or of metadata keys reaches the file."""
    for name, order in (("one", ["a", "b"]), ("two", ["b", "a"])):
        metadata = {f"key{i}": i for i in (range(9) if name == "one" else reversed(range(9)))}
        save_tensors(tmp_path / name, {key: TENSORS[key] for key in order}, metadata)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_others_may_read(tmp_path: Path) -> None:
    """Fails if results are readable by their owner only, against the umask (a shared cluster folder)."""
    plain, path = tmp_path / "plain", tmp_path / "x.safetensors"
    plain.touch()
    save_tensors(path, TENSORS)
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("keep", [0, 5, -7])
def test_truncated_file_is_named(tmp_path: Path, keep: int) -> None:
    """Fails if a truncated file is read, or ends in a traceback."""
    path = tmp_path / "x.safetensors"
    save_tensors(path, TENSORS)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(FileError, match=r"x\.safetensors: not a readable safetensors file.*snakemake again"):
        load_tensors(path)


def test_missing_and_foreign_files_are_named(tmp_path: Path) -> None:
    """Fails if a file that somebody else wrote is taken for ours."""
    with pytest.raises(FileError, match="no such file"):
        load_arrays(tmp_path / "x.safetensors")
    save_file({"a": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(FileError, match="not written by this project"):
        read_metadata(tmp_path / "x.safetensors")
