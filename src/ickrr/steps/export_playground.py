"""Export a trained model of one-dimensional inputs for the playground of the site, as a script."""

import argparse
from pathlib import Path

import torch

from ickrr.comparison.probed_model import ProbedModel
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.io.files import read_settings, read_table, write_text
from ickrr.io.predictions import load_predictions
from ickrr.io.run_files import load_prompts
from ickrr.model.weights import load_model
from ickrr.site.playground_data import Evaluation, as_script, playground_data, require_playable
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seed", type=int, required=True, help="seed of the trained model")
    parser.add_argument("--weights", type=Path, required=True, help="its weights (safetensors)")
    parser.add_argument("--predictions", type=Path, required=True, help="output of probe_model for it")
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that were predicted")
    parser.add_argument("--matches", type=Path, required=True, help="table 'matches' of the run (Parquet)")
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    parser.add_argument("--script", type=Path, required=True, help="script to write (JavaScript)")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write weights, probe, matches and typical errors as one assignment.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the playground cannot compute such a run.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    require_playable(run)
    probe = read_settings(arguments.probe, ProbeSettings)
    prompts = load_prompts(arguments.evaluation, run, "evaluation")
    x, y, mean = prompts["x"], prompts["y"], prompts["posterior_mean"]
    layers, output = load_predictions(arguments.predictions, run, arguments.seed, y.shape)
    model = load_model(arguments.weights, run, arguments.seed)
    data = playground_data(
        run,
        arguments.seed,
        model,
        ProbedModel(model, load_prompts(arguments.fit, run, "fit"), probe).readouts,
        Evaluation(x, y, mean, layers, output),
        read_table(arguments.matches),
        read_settings(arguments.solvers, SolverSettings),
    )
    write_text(arguments.script, as_script(data))
