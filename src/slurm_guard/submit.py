"""Run the pipeline on a SLURM cluster: Snakemake with profiles/slurm, guarded against lost and doubled jobs.

First it looks for jobs that an earlier run left in the queue, and checks that the profile's partitions and
account exist. Then this process becomes Snakemake. Snakemake's own options and targets follow `--`.
"""

import argparse
import fcntl
import os
import re
import socket
import sys
from pathlib import Path

from slurm_guard import client, folder
from slurm_guard.check import check_profile
from slurm_guard.errors import ClusterError
from slurm_guard.hooks import DRIVER
from slurm_guard.journal import say

LOCK = Path(".snakemake/slurm_guard.lock")
SOURCE = Path(__file__).resolve().parents[1]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--scale", help="smoke, laptop, desk or paper; as --config scale=...")
    parser.add_argument(
        "--running",
        choices=("wait", "cancel"),
        default="wait",
        help="what to do about jobs that an earlier run left in the queue (default wait)",
    )
    parser.add_argument("arguments", nargs="*", help="targets, and after `--` options of Snakemake")


def take_lock(path: Path) -> int:
    """Take a lock for as long as this process, or the one that it becomes, lives; return its descriptor.

    If the file system has no locks, a line says so and the run continues without one.

    Raises:
        ClusterError: another driver has it, or its file cannot be opened.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ClusterError(
            f"{path}: cannot be opened ({error.strerror}); make it writable, or work in another folder"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        by = os.read(descriptor, 200).decode().strip() or "another process"
        raise ClusterError(
            f"{path.parents[1]}: {by} is already running this pipeline here; "
            "wait for it, stop it, or work in another folder"
        ) from error
    except OSError as error:
        say(
            f"{path}: the file system has no locks ({error.strerror}), so nothing keeps a second driver out; "
            "start one at a time"
        )
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    os.set_inheritable(descriptor, True)
    return descriptor


def require_plain(program: str, *folders: Path) -> None:
    """Check that a job's command means the same on the node as it means here.

    Snakemake writes the path of its own Python into that command unquoted, and the plugin writes the whole
    command between double quotes.

    Raises:
        ClusterError: a path has a character that is special to a shell.
    """
    signs = {program: r"[\s'\"$`\\&;()<>|*?\[\]{}#!~]", **{str(folder): r'["$`\\\n]' for folder in folders}}
    for path, special in signs.items():
        if found := re.search(special, path):
            raise ClusterError(
                f"{path}: has a '{found[0]}' in its name, with which Snakemake cannot start cluster jobs; "
                "give the folder another name"
            )


def main(arguments: argparse.Namespace) -> None:
    """Become Snakemake as soon as nothing else writes in this folder.

    Raises:
        ClusterError: there is no cluster, or the profile names what it does not have, or a job's command
            cannot hold the name of a folder.
    """
    here = Path.cwd()
    require_plain(sys.executable, here, SOURCE)
    take_lock(here / LOCK)
    check_profile(arguments.profile)
    folder.settle(here, arguments.running)
    folder.clear_records(here)
    scale = ["--config", f"scale={arguments.scale}"] if arguments.scale else []
    command = [sys.executable, "-m", "snakemake", *arguments.arguments, *scale]
    command += ["--workflow-profile", str(arguments.profile)]
    os.environ |= {
        DRIVER: str(os.getpid()),
        # The cache of the Snakemake in each job; a node may not be able to write to the home folder.
        "XDG_CACHE_HOME": str(here / ".snakemake/cache"),
        "SLURM_GUARD_PYTHON": sys.executable,
        "SLURM_GUARD_SOURCE": str(SOURCE),
        "PATH": f"{client.BIN}{os.pathsep}{os.environ['PATH']}",
    }
    os.execv(sys.executable, command)
