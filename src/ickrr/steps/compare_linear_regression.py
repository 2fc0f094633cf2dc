"""Compare trained linear attention with steps of gradient descent on linear regression."""

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from pydantic import RootModel

from ickrr.attention.gradient_step import comparison_rows
from ickrr.comparison.resamples import Resamples
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.io.checks import Array
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.placed import PlacedModel
from ickrr.model.weights import load_model
from ickrr.threads import add_threads_option


class Runs(RootModel[list[RunSettings]]):
    """The runs that are compared."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--runs", type=Path, required=True, help="resolved runs (JSON)")
    models = "models, run/seed0 run/seed1 .., the seeds of a run together"
    parser.add_argument("--models", nargs="+", required=True, help=models)
    parser.add_argument("--weights", type=Path, nargs="+", required=True, help="weights of each, in order")
    parser.add_argument(
        "--fit", type=Path, nargs="+", required=True, help="each run's, steps are fitted to these"
    )
    parser.add_argument(
        "--evaluation", type=Path, nargs="+", required=True, help="each run's, compared on these"
    )
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the rows of `ickrr.attention.gradient_step.comparison_rows`, each run as a subject.

    Up to twice as many steps as the deepest of the models has layers are tried.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
    """
    torch.set_num_threads(arguments.threads)
    runs = read_settings(arguments.runs, Runs).root
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    paths = paths_by_name("--weights", arguments.models, arguments.weights)
    rows: list[dict[str, object]] = []
    steps = 2 * max(run.model.layers for run in runs)
    for run, for_fit, for_test in zip(runs, arguments.fit, arguments.evaluation, strict=True):
        fit = load_prompts(for_fit, run, "fit")
        test = load_prompts(for_test, run, "evaluation")
        models = models_of(run, paths)
        on_fit, on_test = (
            np.stack([predictions(model, prompts) for model in models]) for prompts in (fit, test)
        )
        resamples = Resamples(
            len(test["y"]), len(models), statistics.bootstrap_draws, statistics.seed, statistics.confidence
        )
        rows += comparison_rows(run.name, on_test, on_fit, fit, test, steps, resamples)
    write_table(arguments.table, pd.DataFrame(rows))


def models_of(run: RunSettings, paths: Mapping[str, Path]) -> list[PlacedModel]:
    """Load the models of one run, of all `run/seed0`.. that there are files of."""
    named = [(name.partition("/seed"), path) for name, path in paths.items()]
    return [PlacedModel(load_model(path, run, int(seed))) for (of, _, seed), path in named if of == run.name]


def predictions(model: PlacedModel, prompts: dict[str, Array]) -> Array:
    """Return what a model predicts at every context length, (B, N+1)."""
    with torch.no_grad():
        output: Array = model.output(*model.place(prompts)).double().numpy()
    return output
