"""Build the paper's PDF from its sources, the figures and the generated LaTeX, and check it."""

import argparse
from pathlib import Path

from ickrr.report.latex import build_paper


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--source", type=Path, required=True, help="folder with main.tex and refs.bib")
    parser.add_argument("--figures", type=Path, required=True, help="folder of the figures (PDF)")
    parser.add_argument(
        "--latex", type=Path, required=True, help="folder of the generated tables, numbers and provenance"
    )
    parser.add_argument("--output", type=Path, required=True, help="the PDF to write")
    parser.add_argument(
        "--build-directory", type=Path, required=True, help="working folder; emptied first, keeps the log"
    )


def main(arguments: argparse.Namespace) -> None:
    """Build and check the PDF."""
    pages = build_paper(
        arguments.source,
        arguments.figures,
        arguments.latex,
        arguments.output,
        arguments.build_directory,
    )
    print(f"{arguments.output}: {pages} pages")
