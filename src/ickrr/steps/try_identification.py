"""Try the identification of layers on known algorithms: what is named for which, and how often wrongly."""

import argparse
from pathlib import Path

import torch

from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.built import BuiltRuns, built_layers
from ickrr.identification.prompts import fresh_problem, stored_problem
from ickrr.identification.tables import trial_table
from ickrr.identification.trials import Bench, trials
from ickrr.io.files import read_settings, write_table
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="run that gives task and architecture (JSON)")
    parser.add_argument("--fit", type=Path, required=True, help="prompts that probes are fitted to")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the identification (JSON)")
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")
    parser.add_argument(
        "--built-runs", type=Path, required=True, help="models built by hand, resolved (JSON)"
    )
    parser.add_argument("--built", type=Path, nargs="*", default=[], help="weights of each, in order")
    parser.add_argument(
        "--expected", type=Path, nargs="*", default=[], help="what each must be, in order (JSON)"
    )
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write a row for each known case.

    Raises:
        FileError: an input is missing, damaged, or of another task.
        ConfigError: the prompts have too few context lengths for the blocks.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, IdentificationSettings)
    probe = read_settings(arguments.probe, ProbeSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    fit = stored_problem(arguments.fit, run, "fit")
    fresh = fresh_problem(run, settings.prompts_of(run.name), settings.seed)
    bench = Bench.of(run, fit, fresh, probe, settings, statistics.confidence)
    runs, first = read_settings(arguments.built_runs, BuiltRuns), statistics.first_layer
    built = built_layers(runs, arguments.built, arguments.expected, fit, fresh, probe, first)
    table = trial_table(trials(bench, built))
    table.insert(0, "run", run.name)
    write_table(arguments.table, table)
