"""Judge every claim of the ledger from the tidy tables."""

import argparse
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.config.ledger import Ledger
from ickrr.io.files import read_settings, write_table
from ickrr.report.judge import judge


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--claims", required=True, type=Path, help="the ledger (JSON)")
    parser.add_argument("--experiment", required=True, type=Path, help="resolved experiment (JSON)")
    parser.add_argument("--tables", required=True, type=Path, help="directory of tables, one directory a run")
    parser.add_argument("--output", required=True, type=Path, help="table to write, one row a condition")


def main(arguments: argparse.Namespace) -> None:
    """Judge the claims and write their conditions."""
    ledger = read_settings(arguments.claims, Ledger)
    experiment = read_settings(arguments.experiment, Experiment)
    write_table(arguments.output, judge(ledger, experiment, arguments.tables))
