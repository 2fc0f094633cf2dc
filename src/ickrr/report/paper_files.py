"""Options of the steps that typeset the paper or pack its sources: the files that it is made of."""

import argparse
from pathlib import Path

from ickrr.report.latex import MAIN


def add_paper_options(parser: argparse.ArgumentParser) -> None:
    """Declare the text, what the pipeline makes for it, and the folder to work in."""
    parser.add_argument("--text", type=Path, nargs="+", required=True, help=f"{MAIN} and what it needs")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="figures that it shows (PDF)")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that it shows (LaTeX)")
    parser.add_argument("--numbers", type=Path, required=True, help="macros of the numbers of the text")
    parser.add_argument("--provenance", type=Path, required=True, help="macros of the results' origin")
    parser.add_argument(
        "--build-directory", type=Path, required=True, help="working folder; emptied first, keeps the log"
    )


def source_and_generated(arguments: argparse.Namespace) -> tuple[Path, list[Path]]:
    """Return the folder of the text, which its files are named relative to, and what the pipeline made."""
    source = min(path.parent for path in arguments.text if path.name == MAIN)
    return source, [*arguments.figures, *arguments.tables, arguments.numbers, arguments.provenance]
