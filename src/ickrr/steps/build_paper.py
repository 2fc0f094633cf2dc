"""Build the paper's PDF from its sources, the figures and the generated LaTeX, and check it."""

import argparse
from pathlib import Path

from ickrr.report.latex import MAIN, build_paper


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--text", type=Path, nargs="+", required=True, help=f"{MAIN} and what it needs")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="figures that it shows (PDF)")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that it shows (LaTeX)")
    parser.add_argument("--numbers", type=Path, required=True, help="macros of the numbers of the text")
    parser.add_argument("--provenance", type=Path, required=True, help="macros of the results' origin")
    parser.add_argument("--paper", type=Path, required=True, help="PDF to write")
    parser.add_argument(
        "--build-directory", type=Path, required=True, help="working folder; emptied first, keeps the log"
    )


def main(arguments: argparse.Namespace) -> None:
    """Build and check the PDF.

    Raises:
        LatexError: a file that the sources name is missing, TeX stops, or the PDF would show a defect.
        FileError: a source cannot be read, or is no text that TeX can read.
    """
    # The others are named relative to its folder.
    source = min(path.parent for path in arguments.text if path.name == MAIN)
    generated = [*arguments.figures, *arguments.tables, arguments.numbers, arguments.provenance]
    pages = build_paper(source, generated, arguments.paper, arguments.build_directory)
    print(f"{arguments.paper}: {pages} pages")
