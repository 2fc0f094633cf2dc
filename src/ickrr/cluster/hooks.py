"""What the Snakefile does before the first job and after a failure; never in a dry run or inside a job."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from ickrr.cluster import client, folder
from ickrr.cluster.journal import Follower
from ickrr.errors import ClusterError

DRIVER = "ICKRR_DRIVER"  # set by `submit`: this Snakemake is guarded
TAIL = 15  # lines of a failed job's log that are shown


def before(directory: str | Path, executor: str) -> None:
    """Refuse to start a driver whose cluster jobs would get lost, or beside those of an earlier one.

    Raises:
        ClusterError: the reason.
    """
    here = Path(directory)
    guarded = DRIVER in os.environ
    if executor == "slurm" and not guarded:
        raise ClusterError(
            "run it as `python -m ickrr submit`: Snakemake alone loses jobs when SLURM's controller is away"
        )
    left = [] if guarded else folder.running(here)
    if left:
        ids = client.joined([job.id for job in left])
        raise ClusterError(
            f"{len(left)} cluster job(s) of this folder still run or wait ({ids}) "
            "and would write the same files; go on with `python -m ickrr submit`, or scancel them"
        )
    if executor == "slurm":
        _held["follower"] = follower = Follower()
        follower.start()


_held: dict[str, object] = {}  # for as long as this process lives


def failed(logs: Sequence[str]) -> None:
    """Show the last lines of the logs of all jobs that failed, each once.

    Args:
        logs: Snakemake's own log files.
    """
    follower = _held.get("follower")
    if isinstance(follower, Follower):
        follower.catch_up()
    text = "\n".join(Path(log).read_text(encoding="utf-8", errors="replace") for log in logs)
    for rule, path in failures(text):
        lines = _last_lines(path)
        heading = (
            f"--- {rule} failed; last lines of {path}:" if lines else f"--- {rule} failed; {path} is empty"
        )
        print("\n".join([heading, *lines]), file=sys.stderr)


def failures(log: str) -> list[tuple[str, Path]]:
    """Read from Snakemake's log which jobs failed for good and where their logs are."""
    found: dict[str, tuple[str, Path]] = {}
    pattern = r"^Error in (?:rule (\S+)|group (\S+)):\n((?:    .*\n?)*)"
    for match in re.finditer(pattern, log, flags=re.MULTILINE):
        rule, group, body = match.groups()
        if group:
            jobs = re.findall(
                r"^ +rule (\S+):\n +jobid: (\d+)\n(?: +output: .*\n)?(?: +log: (.*) \(check)?", body, re.M
            )
        else:
            number = re.search(r"^    jobid: (\d+)", body, re.M)
            paths = re.search(r"^    log: (.*) \(check", body, re.M)
            jobs = [(rule, number[1] if number else "", paths[1] if paths else "")]
        for name, number, paths in jobs:
            logs = [Path(path) for path in paths.split(", ") if path]
            if logs:
                # A notebook is a log too, and not one to read in a terminal.
                text = [path for path in logs if path.suffix != ".ipynb"]
                found[number] = (name, (text or logs)[0])
    finished = set(re.findall(r"^Finished jobid: (\d+)", log, flags=re.MULTILINE))
    return [failure for number, failure in found.items() if number not in finished]


def _last_lines(path: Path) -> list[str]:
    if not path.exists():
        return ["(it does not exist: the job did not start)"]
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL:]
