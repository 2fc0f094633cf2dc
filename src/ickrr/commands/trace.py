"""Print the way back from a figure, a table or the paper to weights, seeds, settings and code."""

import argparse
from pathlib import Path

from ickrr.lineage import target_file, trace
from ickrr.records import Records


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", help="fig2, tab_setup, paper, or a file below results/<scale>")
    parser.add_argument("--scale", default="laptop", help="scale of the results (default laptop)")


def main(arguments: argparse.Namespace) -> None:
    """Print one line a job.

    Raises:
        FileError: the target has no record.
    """
    results = Path("results") / arguments.scale
    print("\n".join(trace(Records(results), target_file(arguments.target, results))))
