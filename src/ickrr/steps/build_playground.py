"""Build the playground of the site: a trained model of one-dimensional inputs that runs in the browser."""

import argparse
from pathlib import Path

import torch

from ickrr.comparison.probed_model import ProbedModel
from ickrr.config.experiment import Experiment
from ickrr.io.files import read_settings, read_table, write_text
from ickrr.io.predictions import load_predictions
from ickrr.io.run_files import load_prompts
from ickrr.model.weights import load_model
from ickrr.site.layout import write_assets
from ickrr.site.playground import as_script, page_of_nothing, playground_page
from ickrr.site.playground_data import Evaluation, playground_data
from ickrr.site.playground_files import SCRIPTS, STYLE
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--experiment", type=Path, required=True, help="resolved experiment (JSON)")
    parser.add_argument("--played", help="run that is played with, if there is one, and what it needs:")
    parser.add_argument("--weights", type=Path, help="weights of its first seed (safetensors)")
    parser.add_argument("--predictions", type=Path, help="output of probe_model for it")
    parser.add_argument("--fit", type=Path, help="prompts that readouts are fitted to")
    parser.add_argument("--evaluation", type=Path, help="prompts that were predicted")
    parser.add_argument("--matches", type=Path, help="table 'matches' of the run (Parquet)")
    parser.add_argument("--page", type=Path, required=True, help="page to write")
    parser.add_argument("--data", type=Path, help="model and matches to write (JavaScript)")
    parser.add_argument("--assets", type=Path, nargs="+", required=True, help="scripts and style to write")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the page, its scripts, and the model of the run that is played with, if there is one.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
    """
    torch.set_num_threads(arguments.threads)
    experiment = read_settings(arguments.experiment, Experiment)
    write_assets(arguments.page.parent, [*SCRIPTS, STYLE])
    name = arguments.played
    if name is None:
        write_text(arguments.page, page_of_nothing())
        return
    run, seed = experiment.run(name), experiment.seeds(name)[0]
    fit, prompts = (
        load_prompts(arguments.fit, run, "fit"),
        load_prompts(arguments.evaluation, run, "evaluation"),
    )
    x, y, mean = prompts["x"], prompts["y"], prompts["posterior_mean"]
    evaluation = Evaluation(x, y, mean, *load_predictions(arguments.predictions, run, seed, y.shape))
    model = load_model(arguments.weights, run, seed)
    readouts = ProbedModel(model, fit, experiment.probe).readouts
    matches = read_table(arguments.matches)
    data = playground_data(run, seed, model, readouts, evaluation, matches, experiment.solvers)
    write_text(arguments.data, as_script(data))
    write_text(arguments.page, playground_page(run, len(y)))
