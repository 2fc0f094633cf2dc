"""Draw one figure by running its notebook with papermill; the executed notebook is kept."""

import argparse
import json
from pathlib import Path

from ickrr.report.notebook import run_notebook


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--notebook", type=Path, required=True, help="notebook to run")
    parser.add_argument("--executed", type=Path, required=True, help="executed notebook to write")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that it may read")
    parser.add_argument("--pdf", type=Path, required=True, help="PDF to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write, beside the PDF")
    parser.add_argument("--parameters", required=True, help="its parameters, JSON on one line")


def main(arguments: argparse.Namespace) -> None:
    """Run the notebook.

    Raises:
        NotebookError: a cell failed, or there was no kernel.
        CodeError: it imported a module that its rule does not track.
    """
    parameters = json.loads(arguments.parameters) | {"tables": list(map(str, arguments.tables))}
    figure = arguments.pdf.with_suffix("")
    modules = run_notebook(arguments.notebook, arguments.executed, parameters, figure)
    arguments.sources.require_known(modules, f"{arguments.notebook}")
