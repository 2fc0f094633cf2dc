"""Write one table of the paper as LaTeX, and the same rows as Parquet and CSV."""

import argparse
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.errors import ConfigError
from ickrr.files import atomic_path, read_settings, write_table, write_text
from ickrr.report.tables import TABLES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--table", required=True, help=f"name of the table: {', '.join(TABLES)}")
    parser.add_argument("--experiment", required=True, type=Path, help="resolved experiment (JSON)")
    parser.add_argument("--tables", required=True, type=Path, help="directory of tables, one directory a run")
    parser.add_argument("--latex", required=True, type=Path, help="LaTeX to write")
    parser.add_argument("--parquet", required=True, type=Path, help="Parquet table to write")
    parser.add_argument("--csv", required=True, type=Path, help="CSV table to write")


def main(arguments: argparse.Namespace) -> None:
    """Build the table and write it three times."""
    experiment = read_settings(arguments.experiment, Experiment)
    if arguments.table not in TABLES:
        raise ConfigError(
            f"{arguments.experiment}: tables.{arguments.table} is no table that the library can make; "
            f"it must be one of {sorted(TABLES)}"
        )
    table = TABLES[arguments.table](experiment, arguments.tables)
    write_text(arguments.latex, table.latex)
    write_table(arguments.parquet, table.frame)
    with atomic_path(arguments.csv) as temporary:
        table.frame.to_csv(temporary, index=False, lineterminator="\n")
