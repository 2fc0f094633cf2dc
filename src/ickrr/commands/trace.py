"""Print the way back from a figure, a table or the paper to weights, seeds, settings and code."""

import argparse
from pathlib import Path

from ickrr.provenance import Records, target_file, trace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("target", help="fig2, tab_setup, paper, or a file below results/<scale>")
    parser.add_argument("--scale", default="laptop", help="scale of the results (default laptop)")


def main(arguments: argparse.Namespace) -> None:
    """Print one line a job.

    Raises:
        FileError: nothing is recorded of the target.
    """
    results = Path("results") / arguments.scale
    print("\n".join(trace(Records(results), target_file(arguments.target, results))))
