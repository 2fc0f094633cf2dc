"""Checkpoints: everything that training needs to resume, in one safetensors file written atomically."""

from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ickrr.config.run import RunSettings
from ickrr.errors import FileError
from ickrr.io.tensors import load_tensors, read_metadata, save_tensors
from ickrr.model.weights import require_same_origin, require_same_shapes

Tensors = dict[str, Tensor]


class UnusableCheckpointError(FileError):
    """A checkpoint cannot be resumed, through nobody's mistake: training starts from the beginning."""


@dataclass(frozen=True)
class Checkpoint:
    """State of a training after `step` updates.

    Args:
        step: number of updates done.
        model: state dict of the model.
        optimizer: `Optimizer.state_tensors`.
        history: `History.tensors`.
        pending: loss and gradient norm of every step since the last row of the curve, (k, 2).
        validated: state dict at the last row of the curve, empty where divergence is not allowed.
        snapshots: state dicts of the steps whose weights are kept, names ``<step>:<name>``.
    """

    step: int
    model: Tensors
    optimizer: Tensors
    history: Tensors
    pending: Tensor
    validated: Tensors
    snapshots: Tensors


GROUPS = ("model", "optimizer", "history", "validated", "snapshots")


def save_checkpoint(path: str | Path, checkpoint: Checkpoint, run: RunSettings, seed: int, code: str) -> None:
    """Write a checkpoint atomically: a kill leaves the earlier one.

    Args:
        path: the state file.
        checkpoint: what to write.
        run: resolved run.
        seed: seed of the training.
        code: identity of the code that trains; another code would not end in the same bytes.
    """
    tensors = {
        f"{group}:{name}": tensor for group in GROUPS for name, tensor in getattr(checkpoint, group).items()
    }
    tensors["pending"] = checkpoint.pending
    metadata = {
        "run": run.model_dump(mode="json"),
        "seed": seed,
        "step": checkpoint.step,
        "code": code,
    }
    save_tensors(path, tensors, metadata)


def load_checkpoint(
    path: str | Path, expected: Tensors, run: RunSettings, seed: int, code: str
) -> Checkpoint | None:
    """Read a checkpoint, or return None where there is none.

    Args:
        path: the state file.
        expected: state dict of the model, for its names and shapes.
        run: run that it must belong to.
        seed: seed that it must belong to.
        code: identity of the code that trains now.

    Raises:
        UnusableCheckpointError: it is damaged, was written by other code, or belongs to another run or
            seed (config.yaml was changed since); the message names what differs.
    """
    if not Path(path).exists():
        return None
    try:
        metadata = read_metadata(path)
        tensors = load_tensors(path)
    except (FileError, ValueError) as error:
        raise UnusableCheckpointError(f"{path}: the checkpoint is damaged ({error})") from error
    try:
        require_same_origin(path, metadata, run, seed)
    except FileError as error:
        raise UnusableCheckpointError(str(error)) from error
    if metadata.get("code") != code:
        raise UnusableCheckpointError(
            f"{path}: the checkpoint of step {metadata.get('step')} was written by another version "
            "of the code"
        )
    groups: dict[str, Tensors] = {group: {} for group in GROUPS}
    for key, tensor in tensors.items():
        group, _, name = key.partition(":")
        if group in groups:
            groups[group][name] = tensor
    step = metadata.get("step")
    if not isinstance(step, int) or not 1 <= step <= run.training.steps or "pending" not in tensors:
        raise UnusableCheckpointError(f"{path}: the checkpoint is damaged (its step is {step!r})")
    try:
        require_same_shapes(path, groups["model"], expected)
    except FileError as error:
        raise UnusableCheckpointError(f"{path}: the checkpoint is damaged ({error})") from error
    return Checkpoint(step=step, pending=tensors["pending"], **groups)
