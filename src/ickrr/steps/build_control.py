"""Write the weights of a control: a hand-built model, or one with random initial weights."""

import argparse
from pathlib import Path
from typing import get_args

import torch

from ickrr.config.constructions import ControlWeights
from ickrr.config.run import RunSettings
from ickrr.constructions.richardson.controls import build_control
from ickrr.io.files import read_settings, write_json
from ickrr.model.weights import save_weights


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--run", type=Path, required=True, help="resolved run (JSON); its training is not used"
    )
    parser.add_argument("--kind", choices=get_args(ControlWeights), required=True, help="which weights")
    parser.add_argument("--seed", type=int, required=True, help="seed of random weights")
    parser.add_argument("--weights", type=Path, required=True, help="weights to write (safetensors)")
    parser.add_argument("--expected", type=Path, required=True, help="what it must be, to write (JSON)")


def main(arguments: argparse.Namespace) -> None:
    """Write the weights, and `kind`, `setup` and `layer_bound` (the last two null for random weights).

    Raises:
        FileError: the run cannot be read.
        ConstructionError: the run's task or architecture does not allow the construction.
    """
    torch.set_num_threads(1)
    run = read_settings(arguments.run, RunSettings)
    control = build_control(arguments.kind, run, arguments.seed)
    # Blocks may share their storage, and safetensors takes each tensor once.
    state = {name: tensor.clone() for name, tensor in control.model.state_dict().items()}
    save_weights(arguments.weights, state, run, arguments.seed)
    expected = {"kind": arguments.kind, "setup": control.setup, "layer_bound": control.layer_bound}
    write_json(arguments.expected, expected)
