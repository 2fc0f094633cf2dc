"""Fit a linear readout to every layer of a trained model and predict the evaluation prompts with each."""

import argparse
from pathlib import Path

import torch

from ickrr.comparison.probed_model import probe
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.device import add_compute_options, resolve_device
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
    parser.add_argument("--predictions", type=Path, required=True, help="predictions to write (safetensors)")
    readouts = "fitted: a linear readout for each layer (default); own: the model's readout at every layer"
    parser.add_argument("--readout", choices=("fitted", "own"), default="fitted", help=readouts)
    add_compute_options(parser)


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
    predictions = probe(model, fit, evaluation, settings, arguments.readout)
    save_tensors(arguments.predictions, predictions, run_metadata(run, arguments.seed))
