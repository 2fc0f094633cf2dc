"""Draw one figure by running its notebook with papermill; the executed notebook is kept."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from ickrr.errors import IckrrError


class NotebookError(IckrrError):
    """A notebook did not run to its end."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--notebook", type=Path, required=True, help="notebook to run")
    parser.add_argument("--executed", type=Path, required=True, help="executed notebook to write")
    parser.add_argument("--parameters", required=True, help="its parameters, JSON on one line")


def main(arguments: argparse.Namespace) -> None:
    """Run the notebook in a process of its own.

    Raises:
        NotebookError: a cell failed; papermill has printed its traceback.
    """
    loaded = arguments.executed.with_suffix(".modules")
    loaded.unlink(missing_ok=True)
    papermill = [sys.executable, "-m", "papermill", str(arguments.notebook), str(arguments.executed)]
    options = ["-y", arguments.parameters, "--no-progress-bar", "--cwd", "."]
    done = subprocess.run(
        [*papermill, *options], check=False, env={**os.environ, "ICKRR_LOADED": str(loaded)}
    )
    if done.returncode != 0:
        raise NotebookError(
            f"{arguments.notebook}: stopped with exit code {done.returncode} (above); "
            f"{arguments.executed} shows the cell; correct it and run snakemake again"
        )
    names = loaded.read_text(encoding="utf-8").split() if loaded.exists() else []
    loaded.unlink(missing_ok=True)
    arguments.sources.require_known(names, f"{arguments.notebook}")
