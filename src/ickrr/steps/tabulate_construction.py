"""Gather the verified ridges into tidy tables, fit the exponents of depth and width, and sum up."""

import argparse
from pathlib import Path

import pandas as pd

from ickrr.config.constructions import VerificationSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.constructions.richardson.promises import summary_table
from ickrr.constructions.richardson.rates import rates_table
from ickrr.constructions.richardson.typical import typical_rows
from ickrr.io.files import read_settings, read_table, write_table

VERIFIED = ("cells", "layers", "widths", "families")
MADE = ("rates", "summary")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    for name in VERIFIED:
        of_ridges = f"table '{name}' of each ridge, in the order in which they are stacked"
        parser.add_argument(f"--verified-{name}", type=Path, nargs="+", required=True, help=of_ridges)
    parser.add_argument("--contraction", type=Path, required=True, help="measured factors (Parquet)")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the grid (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    for name in (*VERIFIED, *MADE):
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"table '{name}' to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write cells, layers, widths, families, rates and their summary.

    Raises:
        FileError: a table is missing or damaged.
    """
    settings = read_settings(arguments.settings, VerificationSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    gathered: dict[str, pd.DataFrame] = {}
    for name in VERIFIED:
        parts = [read_table(path) for path in getattr(arguments, f"verified_{name}")]
        filled = [part for part in parts if len(part)]
        gathered[name] = pd.concat(filled or parts[:1], ignore_index=True)
        write_table(getattr(arguments, name), gathered[name])
    rates = rates_table(gathered["cells"], statistics.confidence)
    write_table(arguments.rates, rates)
    summary = summary_table(gathered["cells"], rates, read_table(arguments.contraction))
    typical = pd.DataFrame(typical_rows(settings))
    write_table(arguments.summary, pd.concat([summary, typical], ignore_index=True))
