"""Compare the layers of a run's models with the steps of every solver and null: tables, with intervals."""

import argparse
from pathlib import Path

from ickrr.comparison.errors import Truth
from ickrr.comparison.tables import TABLES, comparison_tables
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.predictions import load_predictions, load_trajectory
from ickrr.io.run_files import load_prompts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="seeds of the trained models")
    parser.add_argument(
        "--predictions", type=Path, nargs="+", required=True, help="output of probe_model for each seed"
    )
    parser.add_argument("--evaluation", type=Path, required=True, help="evaluation prompts")
    parser.add_argument(
        "--trajectories",
        type=Path,
        nargs="+",
        required=True,
        help="of each solver and null, by solve_prompts",
    )
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    for name in TABLES:
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"table '{name}' to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write errors, similarity, matches, alignment, pairs and shares.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed, task or set of prompts.
    """
    run = read_settings(arguments.run, RunSettings)
    solvers = read_settings(arguments.solvers, SolverSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    prompts = load_prompts(arguments.evaluation, run, "evaluation")
    truth = Truth(prompts["y"], prompts["f"], prompts["posterior_mean"])
    size = (len(truth.y), truth.y.shape[1])
    predictions = paths_by_name("--predictions", arguments.seeds, arguments.predictions)
    models = {seed: load_predictions(path, run, seed, size) for seed, path in predictions.items()}
    trajectories = (  # one in memory at a time
        (solver, load_trajectory(path, run, solver, solvers.steps, size))
        for solver, path in paths_by_name("--trajectories", solvers.compared, arguments.trajectories).items()
    )
    tables = comparison_tables(run, models, trajectories, truth, solvers, statistics)
    for name, table in tables.items():
        write_table(getattr(arguments, name), table)
