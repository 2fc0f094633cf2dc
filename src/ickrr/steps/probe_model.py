"""Fit a linear readout to every layer of a trained model and predict the evaluation prompts with each."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from ickrr.comparison.probe import fit_readouts, read_layers, read_output, read_with
from ickrr.config.analysis import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.device import resolve_device
from ickrr.io.checks import Array
from ickrr.io.files import read_settings
from ickrr.io.run_files import load_prompts, run_metadata
from ickrr.io.tensors import save_tensors
from ickrr.model.weights import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seed", type=int, required=True, help="seed of the trained model")
    parser.add_argument("--weights", type=Path, required=True, help="its weights (safetensors)")
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that are predicted")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--output", type=Path, required=True, help="predictions to write (safetensors)")
    parser.add_argument(
        "--readout",
        choices=("fitted", "own"),
        default="fitted",
        help="fitted: a linear readout a layer (default); own: the model's readout at every layer",
    )
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def main(arguments: argparse.Namespace) -> None:
    """Write `layers` (L+1, B, N+1) and `output` (B, N+1), float64.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the device does not exist.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, ProbeSettings)
    device = resolve_device(arguments.device)
    fit = load_prompts(arguments.fit, run, "fit")
    evaluation = load_prompts(arguments.evaluation, run, "evaluation")
    model = load_model(arguments.weights, run, arguments.seed).to(device)
    # The model computes in the precision of its weights; only the readout is float64.
    precision = model.readout.weight.dtype

    def streams(x: Tensor, y: Tensor) -> Tensor:
        return model.residual_streams(x.to(precision), y.to(precision))

    def output(x: Tensor, y: Tensor) -> Tensor:
        prediction: Tensor = model(x.to(precision), y.to(precision))
        return prediction

    def inputs(prompts: Mapping[str, Array]) -> tuple[Tensor, Tensor]:
        return torch.from_numpy(prompts["x"]).to(device), torch.from_numpy(prompts["y"]).to(device)

    chunk = settings.chunk_prompts
    if arguments.readout == "fitted":
        readouts = fit_readouts(streams, *inputs(fit), settings.ridge, chunk)
        layers = read_layers(streams, readouts, *inputs(evaluation), chunk)
    else:
        layers = read_with(lambda x, y: model.read(streams(x, y)), *inputs(evaluation), chunk)
    predictions = {"layers": layers, "output": read_output(output, *inputs(evaluation), chunk)}
    save_tensors(arguments.output, predictions, run_metadata(run, arguments.seed))
