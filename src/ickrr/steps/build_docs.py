"""Build the documentation of the site with Sphinx, from the project's Markdown and sources."""

import argparse
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from ickrr.code import ROOT
from ickrr.site.docs import build, stage


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--texts", type=Path, nargs="+", required=True, help="Markdown and Python to read")
    parser.add_argument(
        "--docs", type=Path, required=True, help="first page to write; the others lie beside it"
    )
    parser.add_argument("--search", type=Path, required=True, help="index of the search to write, beside it")


def main(arguments: argparse.Namespace) -> None:
    """Write the pages into an empty folder.

    Raises:
        DocumentationError: Sphinx could not build them.
    """
    target = arguments.docs.parent
    shutil.rmtree(target, ignore_errors=True)
    with TemporaryDirectory() as folder:
        stage(ROOT, [path.resolve() for path in arguments.texts], Path(folder))
        print(build(Path(folder), target), end="")
