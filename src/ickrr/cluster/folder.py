"""One driver a folder: no second Snakemake, and none while jobs of an earlier one still run.

Two runs in one folder write the same files at once, and end with exit code 0. Snakemake's own lock
does not help: it is removed by `--unlock` while jobs on the cluster go on, and by the first of two
runs to end.
"""

import fcntl
import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

from ickrr.cluster import client
from ickrr.cluster.client import Job
from ickrr.cluster.journal import RECORDS, say
from ickrr.errors import ClusterError

LOCK = RECORDS / "driver.lock"
INHERITED = "ICKRR_LOCK"  # file descriptor of the lock that `submit` took for the Snakemake it becomes
ASK_EVERY = 5.0  # [s] between two looks at jobs that are waited for


def take_lock(folder: Path) -> int:
    """Take the folder's lock for as long as this process lives; return its file descriptor.

    The lock goes with the process, however it ends, so it never has to be removed.

    Raises:
        ClusterError: another process has it.
    """
    if INHERITED in os.environ:
        return int(os.environ[INHERITED])
    path = folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(descriptor, 200).decode().strip() or "another process"
        os.close(descriptor)
        raise ClusterError(
            f"{folder}: {holder} is already running this pipeline here; "
            "wait for it, stop it, or work in another folder"
        ) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return descriptor


def running(folder: Path) -> list[Job]:
    """Unfinished cluster jobs of a folder; none where there is no SLURM or it never ran anything here.

    Raises:
        ClusterError: there may be some, and the controller does not say.
    """
    if shutil.which("squeue") is None or not any((folder / RECORDS).glob("*.jobs")):
        return []
    return client.jobs_of_folder(folder)


def clear_records(folder: Path) -> None:
    """Remove the journals of earlier runs, none of whose jobs is left."""
    for path in (folder / RECORDS).glob("*"):
        if path != folder / LOCK:
            path.unlink()


def settle(folder: Path, policy: str, pause: Callable[[float], None] = time.sleep) -> None:
    """Wait for the folder's jobs of an earlier run, or cancel them.

    Args:
        folder: the working directory.
        policy: ``wait`` or ``cancel``.
        pause: sleeps some seconds.

    Raises:
        ClusterError: the controller does not say whether there are any.
    """
    left = client.jobs_of_folder(folder)
    if not left:
        return
    ids = [job.id for job in left]
    listed = client.joined(ids)
    if policy == "cancel":
        say(f"cancelling {len(left)} job(s) of an earlier run in this folder ({listed})")
        client.call("scancel", *ids)
    else:
        say(
            f"{len(left)} job(s) of an earlier run in this folder are still in the queue ({listed}): "
            "waiting for them, so that no file has two writers (--running cancel cancels them)"
        )
    while left:
        pause(ASK_EVERY)
        try:
            left = client.jobs_of_folder(folder)
        except client.UnansweredError:
            continue  # not knowing is no reason to go on
