"""Gather the verified ridges into tidy tables, fit the exponents of depth and width, and sum up."""

import argparse
from pathlib import Path

import pandas as pd

from ickrr.config.analysis import StatisticsSettings
from ickrr.constructions.richardson.promises import summary_table
from ickrr.constructions.richardson.rates import rates_table
from ickrr.io.files import read_settings, read_table, write_table

TABLES = ("cells", "layers", "widths", "families")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--verification", type=Path, required=True, help="directory, one folder a ridge")
    parser.add_argument("--ridges", nargs="+", required=True, help="names of the ridges, in order")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--output-directory", type=Path, required=True, help="where the tables are written")
    parser.add_argument(
        "--contraction", type=Path, help="measured factors (default: contraction.parquet beside the tables)"
    )


def main(arguments: argparse.Namespace) -> None:
    """Write cells, layers, widths, families, rates and their summary.

    Raises:
        FileError: a table is missing or damaged.
    """
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    gathered: dict[str, pd.DataFrame] = {}
    for table in TABLES:
        parts = [
            read_table(arguments.verification / ridge / f"{table}.parquet") for ridge in arguments.ridges
        ]
        filled = [part for part in parts if len(part)]
        gathered[table] = pd.concat(filled or parts[:1], ignore_index=True)
        write_table(arguments.output_directory / f"{table}.parquet", gathered[table])
    rates = rates_table(gathered["cells"], statistics.confidence)
    write_table(arguments.output_directory / "rates.parquet", rates)
    contraction = read_table(arguments.contraction or arguments.output_directory / "contraction.parquet")
    summary = summary_table(gathered["cells"], rates, contraction)
    write_table(arguments.output_directory / "summary.parquet", summary)
