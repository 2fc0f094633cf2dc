"""Write one table of the paper as LaTeX, and the same rows as Parquet and CSV."""

import argparse
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.io.files import atomic_path, read_settings, write_table, write_text
from ickrr.report.tables import builder, names


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--table", required=True, help=f"name of the table: {', '.join(names())}")
    parser.add_argument("--experiment", required=True, type=Path, help="resolved experiment (JSON)")
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="files that it may read")
    parser.add_argument("--benchmarks", required=True, type=Path, help="folder of Snakemake's benchmarks")
    parser.add_argument("--latex", required=True, type=Path, help="LaTeX to write")
    parser.add_argument("--parquet", required=True, type=Path, help="Parquet table to write")
    parser.add_argument("--csv", required=True, type=Path, help="CSV table to write")


def main(arguments: argparse.Namespace) -> None:
    """Build the table and write it three times."""
    build = builder(arguments.table)
    experiment = read_settings(arguments.experiment, Experiment)
    # Benchmarks are no inputs: results that were made on another machine have none.
    table = build(experiment, [*arguments.tables, arguments.benchmarks])
    write_text(arguments.latex, table.latex)
    write_table(arguments.parquet, table.frame)
    with atomic_path(arguments.csv) as temporary:
        table.frame.to_csv(temporary, index=False, lineterminator="\n")
