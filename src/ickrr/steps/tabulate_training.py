"""Gather the learning curves of all seeds of a run into one tidy table."""

import argparse
from pathlib import Path

import pandas as pd

from ickrr.io.files import paths_by_name, read_columns, write_table

COLUMNS = ("step", "loss", "excess_risk", "bayes_risk", "learning_rate", "diverged")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", required=True, help="name of the run")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--learning-curves", type=Path, nargs="+", required=True, help="learning curve of each seed, in order"
    )
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write the learning curves, with the run and the seed in front.

    Raises:
        FileError: a learning curve is missing or damaged, or there are not as many as seeds.
    """
    curves = []
    paths = paths_by_name("--learning-curves", arguments.seeds, arguments.learning_curves)
    for seed, path in paths.items():
        curve = read_columns(path, COLUMNS)
        curve.insert(0, "run", arguments.run)
        curve.insert(1, "seed", seed)
        curves.append(curve)
    write_table(arguments.table, pd.concat(curves, ignore_index=True))
