"""Print where a figure, a table, the paper or a number in it comes from, back to the seeds."""

import argparse
import os
from pathlib import Path

from ickrr.code import ROOT
from ickrr.config.command_line import add_results_option
from ickrr.provenance import Records, target_file, trace


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("target", nargs="?", help="fig2, tab_setup, paper, or a file below results/<scale>")
    asked.add_argument(
        "--number",
        help="a number as the paper prints it (--number=-3e-4 if negative): print where it is, what holds it",
    )
    add_results_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Print one line for each job, or where a number stands and what holds it.

    Raises:
        FileError: nothing is recorded of the target.
        ConfigError: the paper does not print the number.
    """
    results = Path("results") / arguments.scale
    if arguments.number is None:
        file = target_file(arguments.target, results)
        lines = trace(Records(Path(*file.parts[:2])), file)  # a path says its scale itself
    else:
        from ickrr.report.printed import where_printed  # it reads tables, and importing that takes a second

        lines = where_printed(arguments.number, results, Path(os.path.relpath(ROOT / "paper")))
    print("\n".join(lines))
