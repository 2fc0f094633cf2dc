"""Train one run with one seed: weights, learning curve and rates."""

import argparse
from pathlib import Path

import torch

from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings
from ickrr.device import add_compute_options, resolve_device
from ickrr.io.files import read_settings, write_table
from ickrr.model.weights import save_snapshots, save_weights
from ickrr.training.interruption import exit_in_time
from ickrr.training.live import LiveCurve
from ickrr.training.loop import Trainer
from ickrr.training.validation import Validation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seed", type=int, required=True, help="seed of weights and prompts")
    parser.add_argument(
        "--validation", type=Path, required=True, help="prompts of the learning curve, a resolved set (JSON)"
    )
    parser.add_argument("--weights", type=Path, required=True, help="weights to write (safetensors)")
    parser.add_argument("--snapshots", type=Path, required=True, help="weights on the way (safetensors)")
    parser.add_argument(
        "--learning-curve", type=Path, required=True, help="learning curve to write (Parquet)"
    )
    parser.add_argument("--rate", type=Path, required=True, help="speed and memory to write (Parquet)")
    parser.add_argument(
        "--state", type=Path, required=True, help="checkpoint; removed once the weights are final"
    )
    add_compute_options(parser)
    told = "seconds after its start at which the process will be killed (default: the end of its SLURM job)"
    parser.add_argument("--time-limit", type=float, help=told)


def main(arguments: argparse.Namespace) -> None:
    """Train, from the checkpoint if there is one.

    Raises:
        FileError: an input is missing, damaged or belongs to another run.
        ConfigError: the device does not exist, or the precision needs another one.
        CodeError: a source file was edited since the training started.
        TrainingError: the training diverged and the run does not allow it.
        SystemExit: stopped by a signal (128 + its number) or by the time limit (75); the state is saved.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    device = resolve_device(arguments.device)
    validation = Validation(read_settings(arguments.validation, PromptSettings), run, device)
    sources = arguments.sources  # set by the entry point
    code = f"{sources.digest} torch {torch.__version__}"

    def require_same_code() -> None:
        sources.require_unchanged(f"training of {run.name}, seed {arguments.seed}")

    live = LiveCurve(arguments.state)
    trainer = Trainer(
        run, arguments.seed, validation, arguments.state, device, code, require_same_code, live.append
    )
    live.begin(trainer.history.curve)
    with exit_in_time(arguments.time_limit) as interruption:
        outcome = trainer.train(interruption)
    write_table(arguments.learning_curve, outcome.history.learning_curve())
    write_table(arguments.rate, outcome.history.rates())
    save_weights(arguments.weights, outcome.weights, run, arguments.seed, outcome.diverged_at)
    save_snapshots(arguments.snapshots, outcome.snapshots, run, arguments.seed)
    live.remove()
    # This comes last: a kill before this line leaves a state from which the same outputs are made again.
    arguments.state.unlink(missing_ok=True)
