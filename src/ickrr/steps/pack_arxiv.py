"""Pack the paper's sources, figures and generated LaTeX into an archive that pdflatex alone can typeset."""

import argparse
from pathlib import Path

from ickrr.report.arxiv import pack
from ickrr.report.latex import MAIN


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--text", type=Path, nargs="+", required=True, help=f"{MAIN} and what it needs")
    parser.add_argument("--figures", type=Path, nargs="+", required=True, help="figures that it shows (PDF)")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that it shows (LaTeX)")
    parser.add_argument("--numbers", type=Path, required=True, help="macros of the numbers of the text")
    parser.add_argument("--provenance", type=Path, required=True, help="macros of the results' origin")
    parser.add_argument("--archive", type=Path, required=True, help="archive to write (.tar.gz)")
    parser.add_argument("--build-directory", type=Path, required=True, help="working folder; emptied first")


def main(arguments: argparse.Namespace) -> None:
    """Write the archive.

    Raises:
        LatexError: a file that the sources name is missing, TeX stops, or the PDF would show a defect.
        FileError: a source cannot be read, or is no text that TeX can read.
    """
    # The others are named relative to its folder.
    source = min(path.parent for path in arguments.text if path.name == MAIN)
    generated = [*arguments.figures, *arguments.tables, arguments.numbers, arguments.provenance]
    names = pack(source, generated, arguments.archive, arguments.build_directory)
    print(f"{arguments.archive}: {len(names)} files")
