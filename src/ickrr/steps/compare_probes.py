"""Read the layers of a run's models with four probes, choose one, and see what depends on the choice."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import torch

from ickrr.comparison.errors import Truth
from ickrr.comparison.probe import read_output
from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.probes import ProbesSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.stored import add_study_options, stored_candidates
from ickrr.io.checks import Array
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.predictions import load_trajectory
from ickrr.io.run_files import load_prompts
from ickrr.model.placed import PlacedModel
from ickrr.model.trained import load_seeds
from ickrr.probes.effects import TABLES, attribution_rows, effect_table, probe_rows
from ickrr.probes.fitting import ProbeFits

SETTINGS = ("probe", "solvers", "identification", "statistics")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study_options(parser, SETTINGS, TABLES)
    parser.add_argument("--trajectories", type=Path, nargs="+", required=True, help="of the main solvers")


def main(arguments: argparse.Namespace) -> None:
    """Write the risks of the probes, and alignment and attribution by probe.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed, task or set of prompts.
        ConfigError: the kernel of the run's task is not the Gaussian.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    probe = read_settings(arguments.probe, ProbeSettings)
    folds = read_settings(arguments.settings, ProbesSettings).folds
    solvers = read_settings(arguments.solvers, SolverSettings).alone
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    identification = read_settings(arguments.identification, IdentificationSettings)
    fit = load_prompts(arguments.fit, run, "fit")
    evaluation = load_prompts(arguments.evaluation, run, "evaluation")
    truth = Truth(evaluation["y"], evaluation["f"], evaluation["posterior_mean"])
    candidates = stored_candidates(arguments.fit, arguments.evaluation, run, identification)
    paths = paths_by_name("--trajectories", solvers.headline, arguments.trajectories)

    def trajectories() -> Iterator[tuple[str, Array]]:
        for solver, path in paths.items():
            yield solver, load_trajectory(path, run, solver, solvers.steps, truth.y.shape)

    models = load_seeds(arguments.weights, run, arguments.seeds, torch.device("cpu"))
    fits = {seed: ProbeFits(model, fit, probe, folds) for seed, model in models.items()}
    read = {seed: one.predictions(evaluation) for seed, one in fits.items()}
    output = {}
    for seed, model in models.items():
        placed = PlacedModel(model)
        predicted = read_output(placed.output, *placed.place(evaluation), probe.chunk_prompts)
        output[seed] = predicted.numpy()
    named = attribution_rows(candidates, read, identification.margin, statistics.confidence)
    tables = {
        "probes": pd.DataFrame(probe_rows(fits, read, output, truth.posterior_mean)),
        "effects": effect_table(run, read, output, trajectories, truth, solvers, statistics),
        "attributions": pd.DataFrame(named),
    }
    for name, table in tables.items():
        table.insert(0, "run", run.name)
        write_table(getattr(arguments, name), table)
