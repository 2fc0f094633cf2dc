"""Predict prompts whose noise is not that of training, and compare the errors with the best possible ones."""

import argparse
from pathlib import Path

import pandas as pd
import torch

from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.noise_sweep import errors_at, noisy_prompts
from ickrr.config.noise_mismatch import NoiseMismatchSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings
from ickrr.device import resolve_device
from ickrr.errors import FileError
from ickrr.io.files import read_settings, write_table
from ickrr.model.trained import add_model_options, add_table_options, load_seeds
from ickrr.progress import track


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_model_options(parser)
    parser.add_argument("--prompts", type=Path, required=True, help="resolved evaluation prompts (JSON)")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the sweep (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    add_table_options(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the errors of every seed, of the encoded oracle and of optimal regression at every test noise.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the device is not there.
        CovarianceError: a covariance is not numerically positive definite.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, NoiseMismatchSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    test = read_settings(arguments.prompts, PromptSettings)
    if test.task != run.task:
        raise FileError(
            f"{arguments.prompts}: its task '{test.task_name}' is not the task '{run.task_name}' of run "
            f"'{run.name}'; give the prompts of that task"
        )
    models = load_seeds(arguments.weights, run, arguments.seeds, resolve_device(arguments.device))
    weights = resample_weights(test.count, statistics.bootstrap_draws, statistics.seed)
    noises = noisy_prompts(test, settings.factors)
    tables = []
    for index in track(len(noises), f"test noises of {run.name}"):
        tables += errors_at(
            noises[index], run, models, settings.chunk_prompts, weights, statistics.confidence
        )
    write_table(arguments.table, pd.concat(tables, ignore_index=True))
