"""Show how far the run in this folder has come: jobs done, started and failed, and the time left.

Reads Snakemake's log, and squeue where there is one; changes nothing, so it can be asked at any time.
"""

import argparse
import shutil
from collections import Counter
from pathlib import Path

from ickrr.cluster import client
from ickrr.cluster.journal import MESSAGES
from ickrr.cluster.progress import newest_log, read_progress
from ickrr.errors import ClusterError

MESSAGES_SHOWN = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--folder", type=Path, default=Path(), help="where it runs (this folder)")


def main(arguments: argparse.Namespace) -> None:
    """Print the state.

    Raises:
        FileError: nothing was run in the folder yet.
    """
    log = newest_log(arguments.folder)
    progress = read_progress(log.read_text(encoding="utf-8", errors="replace"))
    print(progress)
    if not progress.ended and shutil.which("squeue"):
        try:
            states = Counter(job.state.lower() for job in client.jobs_of_folder(arguments.folder.resolve()))
            print("in SLURM's queue: " + (", ".join(f"{n} {state}" for state, n in states.items()) or "none"))
        except ClusterError as error:
            print(f"in SLURM's queue: unknown ({error})")
    notes = arguments.folder / MESSAGES
    if notes.exists():
        lines = notes.read_text(encoding="utf-8").splitlines()[-MESSAGES_SHOWN:]
        print("\n".join([f"last notes of {notes}:", *lines]))
