"""Write the weights of a control: a hand-built model, or one with random initial weights."""

import argparse
from pathlib import Path

import torch

from ickrr.config.model import BuiltModelSettings
from ickrr.config.run import RunSettings
from ickrr.constructions.richardson.controls import build_exact, build_relu
from ickrr.errors import ConstructionError
from ickrr.io.files import read_settings, write_json
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model, save_weights
from ickrr.randomness import torch_generator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--run", type=Path, required=True, help="resolved run (JSON); its training is not used"
    )
    parser.add_argument("--kind", choices=("built", "exact", "random"), required=True, help="which weights")
    parser.add_argument("--seed", type=int, required=True, help="seed of random weights")
    parser.add_argument("--weights", type=Path, required=True, help="weights to write (safetensors)")
    parser.add_argument("--expected", type=Path, required=True, help="what it must be, to write (JSON)")


def main(arguments: argparse.Namespace) -> None:
    """Write the weights, and `setup` and `layer_bound` (both null for random weights).

    Raises:
        FileError: the run cannot be read.
        ConstructionError: the run's task or architecture does not allow the construction.
    """
    torch.set_num_threads(1)
    run = read_settings(arguments.run, RunSettings)
    expected: dict[str, object] = {"kind": arguments.kind, "setup": None, "layer_bound": None}
    if arguments.kind == "random":
        model = build_model(run)
        initialise(model, torch_generator(arguments.seed, "initial weights"))
    elif isinstance(run.model, BuiltModelSettings):
        builder = build_relu if arguments.kind == "built" else build_exact
        control = builder(run.task, run.model)
        model = control.model
        expected |= {"setup": control.setup, "layer_bound": control.layer_bound}
    else:
        raise ConstructionError(
            f"{arguments.run}: model.mlp: found '{run.model.mlp}', that of a trained model; "
            f"--kind {arguments.kind} needs the architecture of a built one"
        )
    # Blocks may share their storage, and safetensors takes each tensor once.
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    save_weights(arguments.weights, state, run, arguments.seed)
    write_json(arguments.expected, expected)
