"""What a Snakefile does before the first job and after the last; never in a dry run or inside a job."""

import atexit
import os
from pathlib import Path

from slurm_guard import client, folder
from slurm_guard.errors import ClusterError
from slurm_guard.journal import Follower

DRIVER = "SLURM_GUARD_DRIVER"  # set by `submit`: this Snakemake is guarded


def before(directory: str | Path, executor: str) -> None:
    """Refuse to start Snakemake if its cluster jobs would get lost, or if earlier ones are still running.

    If it starts, none of its cluster jobs outlives it, unless it is killed.

    Raises:
        ClusterError: it must not start; the message gives the reason.
    """
    here = Path(directory)
    guarded = DRIVER in os.environ
    if executor == "slurm" and not guarded:
        raise ClusterError(
            "run it as `python -m slurm_guard submit`: Snakemake alone loses jobs when SLURM's controller "
            "is away"
        )
    left = [] if guarded else folder.running(here)
    if left:
        ids = client.joined([job.id for job in left])
        raise ClusterError(
            f"{len(left)} cluster job(s) of this folder still run or wait ({ids}) "
            "and would write the same files; continue with `python -m slurm_guard submit`, or scancel them"
        )
    if executor == "slurm":
        atexit.register(folder.leave_none, here.resolve())
        Follower().start()
