"""Measure kernel ridge regression on r channels of a representation against all, beside d_eff."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.comparison.bootstrap import percentile_interval, resample_weights
from ickrr.config.analysis import StatisticsSettings
from ickrr.config.conjugate_gradient import WidthSettings
from ickrr.constructions.conjugate.width import PROJECTIONS, measure, measure_stack
from ickrr.constructions.summary import Row, estimate, supremum
from ickrr.io.files import read_settings, write_table
from ickrr.progress import track


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--settings", type=Path, required=True, help="prompts and ranks (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="bootstrap settings (JSON)")
    parser.add_argument("--curves", type=Path, required=True, help="table of errors by rank to write")
    parser.add_argument("--summary", type=Path, required=True, help="table of the summary to write")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")


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
    write_table(arguments.curves, curves)
    write_table(arguments.summary, pd.DataFrame(summarise(curves, settings, statistics)))


def summarise(curves: pd.DataFrame, settings: WidthSettings, statistics: StatisticsSettings) -> list[Row]:
    """Return the rows of the summary; intervals are bootstrap intervals over seeds.

    Args:
        curves: one row a seed, ridge, projection and rank.
        settings: ridges, multiples and seeds.
        statistics: draws and level of the intervals.
    """
    weights = resample_weights(settings.seeds, statistics.bootstrap_draws, statistics.seed)  # (R, seeds)
    algebra = curves[curves["source"] == "algebra"]
    rows: list[Row] = []

    def add(quantity: str, subject: str, setting: str, draws: np.ndarray) -> None:
        low, high = percentile_interval(draws[1:], statistics.confidence)
        rows.append(estimate(quantity, subject, setting, draws[0], float(low), float(high)))

    for ridge in settings.ridges:
        at_ridge = algebra[algebra["ridge"] == ridge]
        dimensions = at_ridge.groupby("seed")["effective_dimension"].first().to_numpy()
        add("effective_dimension", "kernel", f"{ridge:g}", weights @ dimensions)
        for kind in PROJECTIONS:
            marked = at_ridge[at_ridge["projection"] == kind]
            draws = {
                multiple: weights @ _by_seed(marked[marked["multiple"] == multiple])
                for multiple in settings.multiples
            }
            for multiple, values in draws.items():
                add("error", kind, f"{ridge:g}@{multiple:g}", values)
            add("fall", kind, f"{ridge:g}", draws[2.0] / draws[0.5])
    for rank, found in curves[curves["source"] == "stack"].groupby("rank"):
        rows.append(supremum("stack_gap", "gaussian", f"{rank}", float(found["gap"].max())))
    return rows


def _by_seed(rows: pd.DataFrame) -> np.ndarray:
    return rows.sort_values("seed")["error"].to_numpy()
