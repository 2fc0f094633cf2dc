"""Weigh preconditioned Richardson iteration against the other families with nothing partialled out."""

import argparse
from pathlib import Path

import torch

from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.layers import predicted
from ickrr.identification.prompts import fresh_problem, stored_problem
from ickrr.identification.raw import raw_table
from ickrr.identification.stored import candidates_on
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.trained import add_model_options, load_seeds
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_model_options(parser)
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the identification (JSON)")
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    add_threads_option(parser)
    parser.add_argument("--table", type=Path, required=True, help="table 'raw_weights' to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write the raw weights of each layer, on the prompts that it is identified on.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task; or all models
            diverged.
        ConfigError: the kernel of the run's task is not the Gaussian, or the prompts have too few context
            lengths for the blocks.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, IdentificationSettings)
    probe = read_settings(arguments.probe, ProbeSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    problem = fresh_problem(run, settings.prompts_of(run.name), settings.seed)
    candidates = candidates_on(problem, stored_problem(arguments.fit, run, "fit"), settings)
    fit = load_prompts(arguments.fit, run, "fit")
    models = load_seeds(arguments.weights, run, arguments.seeds, torch.device("cpu"))
    read = {seed: predicted(model, fit, problem, probe) for seed, model in models.items()}
    write_table(arguments.table, raw_table(run, candidates, read, statistics))
