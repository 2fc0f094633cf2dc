"""Compare kernel ridge regression on r channels of a representation with that on all of them."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.comparison.bootstrap import percentile_interval, resample_weights
from ickrr.config.conjugate_gradient import WidthSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.constructions.conjugate.width import measure, measure_stack
from ickrr.constructions.conjugate.width_summary import width_summary
from ickrr.io.files import read_settings, write_table
from ickrr.progress import track
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--settings", type=Path, required=True, help="prompts and ranks (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="bootstrap settings (JSON)")
    parser.add_argument("--curves", type=Path, required=True, help="table of errors by rank to write")
    parser.add_argument("--summary", type=Path, required=True, help="table of the summary to write")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the error of every seed and rank, and the summary.

    Raises:
        FileError: the settings cannot be read.
    """
    torch.set_num_threads(arguments.threads)
    settings = read_settings(arguments.settings, WidthSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    rows: list[dict[str, object]] = []
    for seed in track(settings.seeds, "projecting representations"):
        rows += measure(settings, seed)
    rows += [
        measure_stack(settings, seed, rank)
        for rank in settings.stack_ranks
        for seed in range(settings.stack_seeds)
    ]
    curves = pd.DataFrame(rows)
    weights = resample_weights(settings.seeds, statistics.bootstrap_draws, statistics.seed)  # (1 + R, seeds)

    def interval(draws: np.ndarray) -> tuple[float, float]:
        low, high = percentile_interval(draws, statistics.confidence)
        return float(low), float(high)

    write_table(arguments.curves, curves)
    write_table(arguments.summary, pd.DataFrame(width_summary(curves, settings, weights, interval)))
