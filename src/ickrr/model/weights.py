"""Weights on disk: a state dict with the resolved run and the seed in its metadata."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ickrr.config.run import RunSettings
from ickrr.errors import FileError
from ickrr.io.origin import ADVICE, require_equal
from ickrr.io.tensors import load_tensors, read_metadata, save_tensors
from ickrr.model.transformer import Transformer


def build_model(run: RunSettings) -> Transformer:
    """Return an untrained model of the run's architecture and task."""
    return Transformer(run.model, run.task.dimension, run.task.context_length)


def save_weights(
    path: str | Path,
    state: Mapping[str, Tensor],
    run: RunSettings,
    seed: int,
    diverged_at: int | None = None,
) -> None:
    """Write final weights.

    Args:
        path: safetensors file.
        state: state dict of the model.
        run: resolved run that it was trained with.
        seed: seed that it was trained with.
        diverged_at: first step (counted from 1) whose loss or gradient was not finite; the weights
            are then the last ones that validated. None for a training that ended as planned.
    """
    metadata = {"run": run.model_dump(mode="json"), "seed": seed, "diverged_at": diverged_at}
    save_tensors(path, state, metadata)


def load_model(path: str | Path, run: RunSettings, seed: int | None = None) -> Transformer:
    """Load the model of a run on the CPU, in the precision of the file, in evaluation mode.

    Args:
        path: file written by `save_weights`.
        run: run that the file must belong to.
        seed: seed that the file must belong to (not checked when None).

    Raises:
        FileError: the file is missing or damaged, belongs to another run or seed, or its shapes do
            not fit; the message names what differs.
    """
    require_same_origin(path, read_metadata(path), run, seed)
    state = load_tensors(path)
    model = build_model(run)
    require_same_shapes(path, state, model.state_dict())
    model.to(state["readout.weight"].dtype).load_state_dict(state)
    return model.eval()


def save_snapshots(path: str | Path, snapshots: Mapping[str, Tensor], run: RunSettings, seed: int) -> None:
    """Write the weights of some steps of a training; none if the run keeps none.

    Args:
        path: safetensors file.
        snapshots: state dicts of the model, names ``<step>:<name>``.
        run: resolved run that it was trained with.
        seed: seed that it was trained with.
    """
    save_tensors(path, snapshots, {"run": run.model_dump(mode="json"), "seed": seed})


def load_snapshots(path: str | Path, run: RunSettings, seed: int) -> dict[int, Transformer]:
    """Load the models of the steps that a training kept, in their order, on the CPU, in evaluation mode.

    Args:
        path: file written by `save_snapshots`.
        run: run that the file must belong to.
        seed: seed that the file must belong to.

    Raises:
        FileError: the file is missing or damaged, belongs to another run or seed, or its shapes do
            not fit; the message names what differs.
    """
    require_same_origin(path, read_metadata(path), run, seed)
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in load_tensors(path).items():
        step, _, name = key.partition(":")
        states.setdefault(int(step), {})[name] = tensor
    models = {}
    for kept in sorted(states):
        model = build_model(run)
        require_same_shapes(path, states[kept], model.state_dict())
        model.load_state_dict(states[kept])
        models[kept] = model.eval()
    return models


def require_same_origin(
    path: str | Path, metadata: Mapping[str, Any], run: RunSettings, seed: int | None
) -> None:
    """Refuse a file that was written for another run or seed.

    Raises:
        FileError: names every key that differs, with both values.
    """
    wanted: dict[str, Any] = {"run": run.model_dump(mode="json")}
    if seed is not None:
        wanted["seed"] = seed
    found = {key: metadata.get(key) for key in wanted}
    require_equal(path, "", found, wanted, f"run '{run.name}' as it is now")


def require_same_shapes(
    path: str | Path, found: Mapping[str, Tensor], expected: Mapping[str, Tensor]
) -> None:
    """Refuse a state dict whose names or shapes do not fit the model.

    Raises:
        FileError: names the first tensor that is missing, unknown or of another shape.
    """
    for name in sorted({*found, *expected}):
        if name not in found:
            problem = f"tensor '{name}' is missing"
        elif name not in expected:
            problem = f"tensor '{name}' is unknown to this model"
        elif found[name].shape != expected[name].shape:
            problem = (
                f"tensor '{name}' has shape {tuple(found[name].shape)}, "
                f"this model's has {tuple(expected[name].shape)}"
            )
        else:
            continue
        raise FileError(f"{path}: {problem}; {ADVICE}")
