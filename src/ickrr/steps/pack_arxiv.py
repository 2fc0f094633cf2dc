"""Pack the paper's sources, figures and generated LaTeX into an archive that pdflatex alone can typeset."""

import argparse
from pathlib import Path

from ickrr.report.arxiv import pack
from ickrr.report.paper_files import add_paper_options, source_and_generated


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_paper_options(parser)
    parser.add_argument("--archive", type=Path, required=True, help="archive to write (.tar.gz)")


def main(arguments: argparse.Namespace) -> None:
    """Write the archive.

    Raises:
        LatexError: a file that the sources name is missing, TeX stops, or the PDF would show a defect.
        FileError: a source cannot be read, or is no text that TeX can read.
    """
    source, generated = source_and_generated(arguments)
    names = pack(source, generated, arguments.archive, arguments.build_directory)
    print(f"{arguments.archive}: {len(names)} files")
