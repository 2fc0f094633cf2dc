"""Trace prediction curves on one-dimensional inputs: after each layer, at each solver step, the posterior."""

import argparse
from pathlib import Path

import torch
from torch import Tensor

from ickrr.comparison.functions import Curves, require_line, trace_curves
from ickrr.comparison.probed_model import ProbedModel
from ickrr.comparison.reference_curves import reference_curves
from ickrr.config.functions import FunctionSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.device import resolve_device
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.trained import add_model_options, add_table_options, load_seeds


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_model_options(parser)
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that give the contexts")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the curves (JSON)")
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    add_table_options(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the curves of the first evaluation prompts at a few context lengths.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the run's inputs are not on a line, a context length or the number of prompts is
            more than there is, or the device is not there.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, FunctionSettings)
    probe = read_settings(arguments.probe, ProbeSettings)
    solvers = read_settings(arguments.solvers, SolverSettings)
    device = resolve_device(arguments.device)
    evaluation = load_prompts(arguments.evaluation, run, "evaluation")
    require_line(run, settings, len(evaluation["y"]))
    fit = load_prompts(arguments.fit, run, "fit")
    models = {
        seed: ProbedModel(model, fit, probe)
        for seed, model in load_seeds(arguments.weights, run, arguments.seeds, device).items()
    }

    def references(x: Tensor, y: Tensor) -> list[Curves]:
        return reference_curves(run, settings, solvers, x.to(device), y.to(device))

    write_table(arguments.table, trace_curves(run, settings, evaluation, models, references))
