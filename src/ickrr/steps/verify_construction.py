"""Build and run the models of one ridge of the verification grid, and compare every layer with float64."""

import argparse
import sys
from pathlib import Path

import pandas as pd
import torch

from ickrr.config.constructions import VerificationSettings
from ickrr.constructions.richardson.grid import COLUMNS, Tables, broken_promises, verify_cell
from ickrr.errors import ConstructionError
from ickrr.io.files import read_settings, write_table
from ickrr.progress import track
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--settings", type=Path, required=True, help="settings of the grid (JSON)")
    parser.add_argument("--ridge", required=True, help="name of the ridge")
    for name in COLUMNS:
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"table '{name}' to write (Parquet)")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write cells, layers, widths and families.

    Raises:
        FileError: the settings cannot be read.
        ConstructionError: the settings name no such ridge, or a bound that the theory promises does not hold.
    """
    torch.set_num_threads(arguments.threads)
    settings = read_settings(arguments.settings, VerificationSettings)
    if arguments.ridge not in settings.ridges:
        raise ConstructionError(
            f"--ridge: found '{arguments.ridge}', which is no ridge of {arguments.settings}; allowed: "
            f"{', '.join(settings.ridges)}"
        )
    grid = [(n, accuracy) for n in settings.context_lengths for accuracy in settings.accuracies]
    tables = Tables([], [], [], [])
    for index in track(len(grid), f"verifying {arguments.ridge}"):
        verify_cell(settings, arguments.ridge, *grid[index], tables)
    for name, rows in tables._asdict().items():
        write_table(
            getattr(arguments, name),
            pd.DataFrame(rows, columns=None if rows else COLUMNS[name]),
        )
    # The tables are written all the same, so that a person can see what failed and where.
    if failed := broken_promises(tables.cells):
        print(*failed, sep="\n", file=sys.stderr)
        raise ConstructionError(
            f"{arguments.cells}: {len(failed)} of {len(grid)} cells break a "
            "bound that the theory promises (listed above); the weights or the bounds are wrong"
        )
