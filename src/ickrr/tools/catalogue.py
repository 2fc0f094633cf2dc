"""Print what can be chosen by name (kernels, laws, solvers, statistics) and the columns of every table."""

import argparse
from pathlib import Path

from ickrr.catalogue.page import page
from ickrr.io.files import write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--output", type=Path, help="write the page to this file instead (docs/catalogue.md)")


def main(arguments: argparse.Namespace) -> None:
    """Print the page, or write it."""
    if arguments.output:
        write_text(arguments.output, page())
    else:
        print(page(), end="")
