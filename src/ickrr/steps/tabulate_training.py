"""Gather the learning curves of all seeds of a run into one tidy table."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ickrr.io.files import read_columns, write_table

COLUMNS = ("step", "loss", "excess_risk", "bayes_risk", "learning_rate", "diverged")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", required=True, help="name of the run")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--trained", type=Path, required=True, help="directory of seed*/ with the learning curves"
    )
    parser.add_argument("--output", type=Path, required=True, help="table to write")


def main(arguments: argparse.Namespace) -> None:
    """Write the learning curves.

    Raises:
        FileError: a learning curve is missing or damaged.
    """
    write_table(arguments.output, gather_curves(arguments.run, arguments.trained, arguments.seeds))


def gather_curves(run: str, directory: Path, seeds: Sequence[int]) -> pd.DataFrame:
    """Stack the learning curves, with the run and the seed in front."""
    curves = []
    for seed in seeds:
        curve = read_columns(directory / f"seed{seed}" / "learning_curve.parquet", COLUMNS)
        curve.insert(0, "run", run)
        curve.insert(1, "seed", seed)
        curves.append(curve)
    return pd.concat(curves, ignore_index=True)
