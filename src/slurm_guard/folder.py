"""Deal with a folder's cluster jobs of an earlier run, none of which may write when the next run starts."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from slurm_guard import client
from slurm_guard.client import Job
from slurm_guard.errors import ClusterError
from slurm_guard.journal import RECORDS, Journal, say

ASK_EVERY = 5.0  # [s] between two looks at the jobs that are left


def running(folder: Path) -> list[Job]:
    """Return the unfinished cluster jobs of a folder; none without SLURM, or if it never ran anything here.

    Raises:
        ClusterError: there may be some, but the controller does not answer.
    """
    if shutil.which("squeue") is None or not any((folder / RECORDS).glob("*.jobs")):
        return []
    return client.jobs_of_folder(folder)


def clear_records(folder: Path) -> None:
    """Remove the journals of earlier runs, none of whose jobs is left."""
    for path in (folder / RECORDS).glob("*"):
        path.unlink()


def settle(folder: Path, policy: str, pause: Callable[[float], None] = time.sleep) -> None:
    """Wait for the folder's jobs of an earlier run, or cancel them.

    Args:
        folder: the working directory.
        policy: ``wait`` or ``cancel``.
        pause: sleeps for some seconds.

    Raises:
        ClusterError: the controller does not answer whether there are any.
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
            continue  # without an answer, keep waiting


def leave_none(folder: Path) -> None:
    """Cancel the jobs that a Snakemake leaves in the queue when it ends, or say that it could not.

    When it is interrupted it cancels the jobs that it knows of, but while it submits one or looks at their
    states it knows of none. If the queue does not answer, the jobs that noted no end are cancelled.
    """
    try:
        left = [job.id for job in client.jobs_of_folder(folder)]
    except ClusterError as error:
        say(f"jobs may be left in the queue ({error}); the next `submit` waits for them or cancels them")
        left = _unended(folder)
    if not left:
        return
    say(f"cancelling {len(left)} job(s) that Snakemake left in the queue ({client.joined(left)})")
    try:
        client.call("scancel", *left)
    except ClusterError as error:
        say(f"they may still be there ({error}); the next `submit` waits for them or cancels them")


def _unended(folder: Path) -> list[str]:
    """Return the ids of the jobs that were submitted in a folder and noted no end."""
    journals = [Journal(path.stem, path.parent) for path in sorted((folder / RECORDS).glob("*.jobs"))]
    return [job for journal in journals for job in journal.jobs() if journal.exit_code(job) is None]
