"""Train several models of one shape as one ensemble: for each, what `train` writes.

Every option that names a member's own is given once a member, in one order. The members agree with trainings
alone within a tolerance, not to the byte; their records say that they were trained together.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch

from ickrr.batch_job import seconds_left
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.device import resolve_device
from ickrr.errors import ConfigError, TrainingError
from ickrr.files import read_settings, write_json, write_table
from ickrr.model.weights import save_weights
from ickrr.provenance import code_hash, import_closure, record
from ickrr.training.ensemble import EnsembleTrainer, Member
from ickrr.training.interruption import Interruption, TrainingInterrupted, process_age
from ickrr.training.loop import Outcome
from ickrr.training.validation import Validation

MODULE = "ickrr.commands.train_ensemble"
OF_MEMBERS = {
    "run": (Path, "resolved runs (JSON)"),
    "seed": (int, "seeds of weights and prompts"),
    "validation": (Path, "stored prompts of the learning curves (safetensors)"),
    "weights": (Path, "weights to write (safetensors)"),
    "learning-curve": (Path, "learning curves to write (Parquet)"),
    "rate": (Path, "speeds and memory to write (Parquet)"),
    "record": (Path, "provenance to write (JSON)"),
}
"""Options that every member has one of: type and help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    for name, (kind, words) in OF_MEMBERS.items():
        parser.add_argument(f"--{name}", type=kind, nargs="+", required=True, help=f"{words}, one a member")
    parser.add_argument("--state", type=Path, required=True, help="checkpoint of all; removed at the end")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda (default auto)")
    parser.add_argument("--time-limit", type=float, help="as of train")


def main(arguments: argparse.Namespace) -> None:
    """Train, or go on from the checkpoint.

    Raises:
        FileError: an input is missing, damaged or belongs to another run.
        ConfigError: the members cannot be trained as one, an option names too few, or the device does not
            exist.
        TrainingError: members diverged whose runs do not allow it; the others are written.
        SystemExit: stopped by a signal (128 + its number) or by the time limit (75); the state is saved.
    """
    torch.set_num_threads(arguments.threads)
    started = datetime.now(UTC)
    require_one_each(arguments)
    device = resolve_device(arguments.device)
    members = members_of(arguments, device)
    code = code_hash(import_closure(MODULE))
    trainer = EnsembleTrainer(members, arguments.state, device, f"{code} torch {torch.__version__}")
    left = seconds_left() if arguments.time_limit is None else None
    limit = arguments.time_limit if left is None else process_age() + left
    with Interruption(limit) as interruption:
        try:
            outcomes = trainer.train_members(interruption)
        except TrainingInterrupted as stopped:
            print(f"stopped: {stopped}", file=sys.stderr)
            raise SystemExit(stopped.exit_code) from stopped
    facts = {
        "ensemble": [member.label for member in members],
        "ensemble_code": code,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
        "threads": arguments.threads,
        "start": started.isoformat(timespec="seconds"),
        "end": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    failed = []
    for index, (member, outcome) in enumerate(zip(members, outcomes, strict=True)):
        if outcome.diverged_at is not None and not member.run.training.allow_divergence:
            failed.append(f"{member.label} at step {outcome.diverged_at}")
        else:
            write_member(arguments, index, member, outcome, facts)
    # Last: a kill before this line leaves a state from which the same outputs are made again.
    arguments.state.unlink(missing_ok=True)
    if failed:
        raise TrainingError(
            f"the loss or its gradient is not finite: {', '.join(failed)}; the other members are written. "
            f"Lower training.{members[0].run.training.optimizer}.learning_rate, or set "
            "training.allow_divergence to true to record this as the run's result"
        )


def require_one_each(arguments: argparse.Namespace) -> None:
    """Refuse options of members that differ in length.

    Raises:
        ConfigError: names the option.
    """
    count = len(arguments.run)
    for name in OF_MEMBERS:
        given: Sequence[object] = getattr(arguments, name.replace("-", "_"))
        if len(given) != count:
            raise ConfigError(f"--{name} is given {len(given)} times, --run {count} times; give one a member")


def members_of(arguments: argparse.Namespace, device: torch.device) -> list[Member]:
    """Read the members' runs and prompts; members that share prompts share their memory."""
    runs = [read_settings(path, RunSettings) for path in arguments.run]
    prompts: dict[tuple[Path, TaskSettings], Validation] = {}
    for run, path in zip(runs, arguments.validation, strict=True):
        if (path, run.task) not in prompts:
            prompts[path, run.task] = Validation(path, run.task, device)
    return [
        Member(run, seed, prompts[path, run.task])
        for run, seed, path in zip(runs, arguments.seed, arguments.validation, strict=True)
    ]


def write_member(
    arguments: argparse.Namespace, index: int, member: Member, outcome: Outcome, facts: dict[str, Any]
) -> None:
    """Write the four files of one member.

    The record's `code` is that of `train`, whose result it stands for; `ensemble_code` is that of this verb.
    """
    write_table(arguments.learning_curve[index], outcome.history.learning_curve())
    write_table(arguments.rate[index], outcome.history.rates())
    of_member = {
        "run": member.run.model_dump(mode="json"),
        "seed": member.seed,
        "resumed_from": outcome.resumed_from,
        "diverged_at": outcome.diverged_at,
    }
    write_json(arguments.record[index], record("train", **facts, **of_member))
    save_weights(arguments.weights[index], outcome.weights, member.run, member.seed, outcome.diverged_at)
