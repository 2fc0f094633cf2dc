"""Running a figure's notebook with papermill, in a kernel that is this Python with our own sources."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError

from ickrr.errors import IckrrError
from ickrr.io.files import read_json

SOURCE: Final = Path(__file__).resolve().parents[2]  # where our package lies
# Python with our sources first and nothing else that is not its own: -I, and no working directory.
START: Final = (
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


def run_notebook(
    notebook: Path, executed: Path, parameters: Mapping[str, Any], figure: Path
) -> dict[str, Path]:
    """Run a notebook in a process of its own.

    Args:
        notebook: the notebook.
        executed: where it is kept as it was executed.
        parameters: what its first cell is told.
        figure: where it writes its figure, without the ending.

    Returns:
        The modules of ours that it imported, and their files.

    Raises:
        NotebookError: a cell failed, or there was no kernel.
    """
    with TemporaryDirectory() as folder:
        loaded = Path(folder) / "modules"
        # See ickrr.report.style: a notebook that nobody tells where to write only shows its figure.
        os.environ |= {"ICKRR_FIGURE": str(figure), "ICKRR_LOADED": str(loaded)}
        try:
            papermill.execute_notebook(
                _literal(notebook),
                _literal(executed),
                dict(parameters),
                cwd=".",
                # A notebook that names no kernel is run all the same.
                kernel_name="python3",
                language="python",
                progress_bar=False,
                kernel_manager_class=ThisPython,
                # Its figure is written when its cell ends: a kernel has nothing left to end with grace.
                shutdown_kernel="immediate",
            )
        except (papermill.PapermillExecutionError, DeadKernelError, RuntimeError) as error:
            raise NotebookError(
                f"{error}\n{notebook}: stopped (above); "
                f"{executed} shows the cell; correct it and run snakemake again"
            ) from error
        modules = read_json(loaded) if loaded.exists() else {}
    return {name: Path(file) for name, file in modules.items()}


def _literal(path: Path) -> str:
    """Write a path so that papermill, which fills in ``{..}``, leaves it as it is."""
    return str(path).replace("{", "{{").replace("}", "}}")
