"""Write every number and verdict of the paper's text as a LaTeX macro, and where the results come from."""

import argparse
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.io.files import read_settings, write_text
from ickrr.report.load import checked_table
from ickrr.report.numbers.collection import all_numbers
from ickrr.report.numbers.links import origin_links
from ickrr.report.numbers.origin import origin_macros, read_commit, read_records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--experiment", required=True, type=Path, help="resolved experiment (JSON)")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables of the numbers")
    parser.add_argument("--claims", required=True, type=Path, help="judged claims (Parquet)")
    parser.add_argument(
        "--records", required=True, type=Path, nargs="+", help="record of every trained model"
    )
    parser.add_argument("--judged", required=True, type=Path, help="record of the judged claims")
    parser.add_argument("--numbers", required=True, type=Path, help="macros of the numbers to write")
    parser.add_argument("--provenance", required=True, type=Path, help="macros of the origin to write")


def main(arguments: argparse.Namespace) -> None:
    """Read the tables and records and write both files of macros."""
    experiment = read_settings(arguments.experiment, Experiment)
    numbers = all_numbers(experiment, arguments.tables, checked_table(arguments.claims, "claims"))
    records, commit = read_records(arguments.records), read_commit(arguments.judged)
    origin = origin_macros(experiment.scale, records, commit, experiment.repository)
    write_text(arguments.numbers, numbers.latex())
    write_text(arguments.provenance, origin.latex() + origin_links(experiment, commit))
