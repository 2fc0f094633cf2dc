"""Run the pipeline on a SLURM cluster: Snakemake with profiles/slurm, guarded against lost and doubled jobs.

First it takes the folder's lock, looks for jobs that an earlier run left in the queue, and checks that
the profile's partitions and account exist. Then this process becomes Snakemake. Snakemake's own options
and targets follow `--`.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from ickrr import driver
from ickrr.cluster import client, folder
from ickrr.cluster.check import check_profile
from ickrr.cluster.hooks import DRIVER
from ickrr.cluster.journal import say
from ickrr.errors import ClusterError

SOURCE = Path(__file__).resolve().parents[2]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--profile", type=Path, default=Path("profiles/slurm"), help="folder of the profile (profiles/slurm)"
    )
    parser.add_argument("--scale", help="smoke, laptop or paper; as --config scale=...")
    parser.add_argument(
        "--running",
        choices=("wait", "cancel"),
        default="wait",
        help="what to do about jobs that an earlier run left in the queue (default wait)",
    )
    parser.add_argument("arguments", nargs="*", help="targets, and after `--` options of Snakemake")


def main(arguments: argparse.Namespace) -> None:
    """Become Snakemake, once nothing else writes in this folder.

    Raises:
        ClusterError: there is no cluster, somebody else runs the pipeline in this folder, or the profile
            names what the cluster does not have.
    """
    here = Path.cwd()
    lock = driver.take_lock(here)
    check_profile(arguments.profile)
    folder.settle(here, arguments.running)
    folder.clear_records(here)
    scale = ["--config", f"scale={arguments.scale}"] if arguments.scale else []
    command = [sys.executable, "-m", "snakemake", *arguments.arguments, *scale]
    command += ["--workflow-profile", str(arguments.profile)]
    _unlock(here, command)
    os.set_inheritable(lock, True)
    os.environ |= {
        driver.INHERITED: str(lock),
        DRIVER: str(os.getpid()),
        "ICKRR_GUARD_PYTHON": sys.executable,
        "ICKRR_GUARD_SOURCE": str(SOURCE),
        "PATH": f"{client.BIN}{os.pathsep}{os.environ['PATH']}",
    }
    os.execv(sys.executable, command)


def _unlock(here: Path, command: list[str]) -> None:
    """Remove the lock of a Snakemake that was killed; we have the folder's lock, and no job is left."""
    locks = here / ".snakemake" / "locks"
    if not locks.is_dir() or not any(locks.iterdir()):
        return
    say("an earlier run was killed; removing its lock")
    done = subprocess.run([*command, "--unlock"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ClusterError(f"snakemake --unlock failed: {done.stderr.strip()}")
