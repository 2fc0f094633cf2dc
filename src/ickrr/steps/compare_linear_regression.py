"""Compare trained one-layer linear attention with one step of preconditioned gradient descent."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.attention.gradient_step import comparison_rows
from ickrr.comparison.resamples import Resamples
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.placed import PlacedModel
from ickrr.model.trained import add_model_options, load_seeds
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_model_options(parser)
    parser.add_argument("--fit", type=Path, required=True, help="prompts that Gamma is fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that are compared on")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the rows of `ickrr.attention.gradient_step.comparison_rows`, the run as subject.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    fit = load_prompts(arguments.fit, run, "fit")
    test = load_prompts(arguments.evaluation, run, "evaluation")
    outputs = []
    for model in load_seeds(arguments.weights, run, arguments.seeds, torch.device("cpu")).values():
        placed = PlacedModel(model)
        with torch.no_grad():
            output = placed.output(*placed.place(test))[:, 1:]  # (B, N)
        outputs.append(output.double().numpy())
    resamples = Resamples(
        len(test["y"]), len(outputs), statistics.bootstrap_draws, statistics.seed, statistics.confidence
    )
    rows = comparison_rows(run.name, np.stack(outputs), fit, test, resamples)
    write_table(arguments.table, pd.DataFrame(rows))
