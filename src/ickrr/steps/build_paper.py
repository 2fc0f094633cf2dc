"""Build the paper's PDF from its sources, the figures and the generated LaTeX, and check it."""

import argparse
from pathlib import Path

from ickrr.report.latex import build_paper
from ickrr.report.paper_files import add_paper_options, source_and_generated


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_paper_options(parser)
    parser.add_argument("--paper", type=Path, required=True, help="PDF to write")


def main(arguments: argparse.Namespace) -> None:
    """Build and check the PDF.

    Raises:
        LatexError: a file that the sources name is missing, TeX stops, or the PDF would show a defect.
        FileError: a source cannot be read, or is no text that TeX can read.
    """
    source, generated = source_and_generated(arguments)
    pages = build_paper(source, generated, arguments.paper, arguments.build_directory)
    print(f"{arguments.paper}: {pages} pages")
