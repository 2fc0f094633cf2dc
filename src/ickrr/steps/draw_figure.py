"""Draw one figure by running its notebook with papermill; the executed notebook is kept."""

import argparse
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

from ickrr.errors import IckrrError
from ickrr.io.files import read_json

SOURCE: Final = Path(__file__).resolve().parents[2]  # where our package lies
# Python with our sources first and nothing else that is not its own: -I, and no working directory.
START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
)


class NotebookError(IckrrError):
    """A notebook did not run to its end."""


class ThisPython(AsyncKernelManager):
    """Starts the Python that runs this job and no other, whatever kernels Jupyter would find."""

    @property
    def kernel_spec(self) -> KernelSpec:
        """How the kernel is started."""
        options = ["-f", "{connection_file}", "--InteractiveShellApp.ignore_cwd=True"]
        argv = [sys.executable, "-I", "-c", START, str(SOURCE), *options]
        return KernelSpec(argv=argv, display_name="Python 3", language="python")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--notebook", type=Path, required=True, help="notebook to run")
    parser.add_argument("--executed", type=Path, required=True, help="executed notebook to write")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that it may read")
    parser.add_argument("--pdf", type=Path, required=True, help="PDF to write")
    parser.add_argument("--png", type=Path, required=True, help="PNG to write, beside the PDF")
    parser.add_argument("--parameters", required=True, help="its parameters, JSON on one line")


def main(arguments: argparse.Namespace) -> None:
    """Run the notebook in a process of its own.

    Raises:
        NotebookError: a cell failed, or there was no kernel.
    """
    with TemporaryDirectory() as folder:
        loaded = Path(folder) / "modules"
        # See ickrr.report.style: a notebook that nobody tells where to write only shows its figure.
        os.environ |= {"ICKRR_FIGURE": str(arguments.pdf.with_suffix("")), "ICKRR_LOADED": str(loaded)}
        try:
            papermill.execute_notebook(
                _literal(arguments.notebook),
                _literal(arguments.executed),
                {**json.loads(arguments.parameters), "tables": list(map(str, arguments.tables))},
                cwd=".",
                progress_bar=False,
                kernel_manager_class=ThisPython,
            )
        except (papermill.PapermillExecutionError, DeadKernelError, RuntimeError) as error:
            raise NotebookError(
                f"{error}\n{arguments.notebook}: stopped (above); "
                f"{arguments.executed} shows the cell; correct it and run snakemake again"
            ) from error
        modules = read_json(loaded) if loaded.exists() else {}
    files = {name: Path(file) for name, file in modules.items()}
    arguments.sources.require_known(files, f"{arguments.notebook}")


def _literal(path: Path) -> str:
    """Write a path so that papermill, which fills in ``{..}``, leaves it as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")
