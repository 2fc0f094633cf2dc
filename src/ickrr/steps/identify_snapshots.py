"""Attribute the layers of a run's models to families of algorithms on the way through their training."""

import argparse
from pathlib import Path

import torch

from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.layers import SNAPSHOT_TABLES, Array, predicted, snapshot_tables
from ickrr.identification.prompts import fresh_problem, stored_problem
from ickrr.identification.stored import candidates_on
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.weights import load_snapshots
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--snapshots", type=Path, nargs="+", required=True, help="weights on the way, for each seed, in order"
    )
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the identification (JSON)")
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    add_threads_option(parser)
    for name in SNAPSHOT_TABLES:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=Path, required=True, help=f"table '{name}' to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write what each layer was named after each of some steps, and all encompassing coefficients.

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
    problem = fresh_problem(run, settings.described_prompts, settings.seed)
    candidates = candidates_on(problem, stored_problem(arguments.fit, run, "fit"), settings)
    fit = load_prompts(arguments.fit, run, "fit")
    paths = paths_by_name("--snapshots", arguments.seeds, arguments.snapshots)
    read: dict[int, dict[int, Array]] = {}
    for seed, path in paths.items():  # the models of one seed in memory at a time
        for step, model in load_snapshots(path, run, seed).items():
            read.setdefault(step, {})[seed] = predicted(model, fit, problem, probe)
    for name, table in snapshot_tables(
        run, candidates, dict(sorted(read.items())), settings, statistics
    ).items():
        write_table(getattr(arguments, name), table)
