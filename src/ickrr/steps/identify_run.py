"""Attribute the layers of a run's models to families of algorithms, with intervals over prompts and seeds."""

import argparse
from pathlib import Path

import torch

from ickrr.comparison.resamples import Resamples
from ickrr.config.identification import IdentificationSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.attribution import attribute
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import stored_problem
from ickrr.identification.spectra import largest_shared_steps
from ickrr.identification.tables import attribution_tables
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.predictions import load_predictions
from ickrr.progress import track
from ickrr.threads import add_threads_option

TABLES = ("attribution", "encompassing")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="seeds of the trained models")
    parser.add_argument("--predictions", type=Path, nargs="+", required=True, help="their layers, by seed")
    parser.add_argument("--fit", type=Path, required=True, help="prompts that the shared step is chosen on")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that are predicted")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the identification (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    add_threads_option(parser)
    for name in TABLES:
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"table '{name}' to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write what each layer was named, and all encompassing coefficients.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the prompts have too few context lengths for the blocks.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, IdentificationSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    fit = stored_problem(arguments.fit, run, "fit")
    problem = stored_problem(arguments.evaluation, run, "evaluation")
    paths = paths_by_name("--predictions", arguments.seeds, arguments.predictions)
    shared = largest_shared_steps(fit.kernel(), fit.ridge)
    candidates = Candidates(problem, shared, settings.first_context_length, settings.blocks)
    found = {}
    for index in track(len(arguments.seeds), f"models of {run.name}"):
        seed, path = arguments.seeds[index], paths[arguments.seeds[index]]
        layers, output = load_predictions(path, run, seed, (len(problem.y), problem.y.shape[1]))
        found[seed] = [
            attribute(candidates, layer[:, candidates.lengths], settings.margin, statistics.confidence)
            for layer in (*layers[1:], output)
        ]
    resamples = Resamples(
        len(problem.y), len(found), statistics.bootstrap_draws, statistics.seed, statistics.confidence
    )
    for name, table in attribution_tables(
        run.name, found, statistics.counted(run.model.layers), resamples
    ).items():
        write_table(getattr(arguments, name), table)
