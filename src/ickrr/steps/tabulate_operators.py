"""Gather the attention operators of all measured models into tidy tables, with intervals."""

import argparse
from pathlib import Path

import pandas as pd

from ickrr.attention.tables import Measured, detail_table, dial_rows, summary_rows
from ickrr.comparison.resamples import Resamples
from ickrr.config.operators import OperatorSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.operator_arrays import load_operator_arrays


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    models = "measured models, run/seed0 run/seed1 .., the seeds of a run together"
    parser.add_argument("--models", nargs="+", required=True, help=models)
    parser.add_argument("--measured", type=Path, nargs="+", required=True, help="arrays of each, in order")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the operators (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--summary", type=Path, required=True, help="table of statistics to write (Parquet)")
    parser.add_argument("--detail", type=Path, required=True, help="table of every head to write (Parquet)")
    parser.add_argument("--dials", type=Path, required=True, help="table along the dials to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write the three tables.

    Raises:
        FileError: an array is missing, damaged, or of another run, seed or set of levels.
    """
    settings = read_settings(arguments.settings, OperatorSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    dials = settings.dials.levels()
    runs: dict[str, dict[int, Path]] = {}
    for model, path in paths_by_name("--measured", arguments.models, arguments.measured).items():
        run, _, seed = model.partition("/seed")
        runs.setdefault(run, {})[int(seed)] = path
    summary: list[dict[str, object]] = []
    along: list[dict[str, object]] = []
    details = []
    for run, paths in runs.items():
        measured = Measured.of(run, list(paths), *load_operator_arrays(run, paths))
        prompts, draws = measured.distances.shape[-1], settings.bootstrap_draws
        resamples = Resamples(prompts, len(paths), draws, statistics.seed, statistics.confidence)
        summary += summary_rows(measured, resamples, dials)
        along += dial_rows(measured, resamples, dials)
        details.append(detail_table(measured))
    write_table(arguments.summary, pd.DataFrame(summary))
    write_table(arguments.detail, pd.concat(details, ignore_index=True))
    write_table(arguments.dials, pd.DataFrame(along))
