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
    parser.add_argument("--tables", type=Path, nargs="*", default=[], help="tables that the conditions read")
    parser.add_argument("--judged", required=True, type=Path, help="table to write, a row for each condition")


def main(arguments: argparse.Namespace) -> None:
    """Judge the claims and write their conditions."""
    ledger = read_settings(arguments.claims, Ledger)
    experiment = read_settings(arguments.experiment, Experiment)
    write_table(arguments.judged, judge(ledger, experiment, arguments.tables))
