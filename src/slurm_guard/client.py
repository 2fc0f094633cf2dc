"""Call SLURM's client commands, and read jobs and partitions from what they print."""

import getpass
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slurm_guard.errors import ClusterError

BIN = Path(__file__).with_name("bin")  # our guards of the same names, which Snakemake calls
TIMEOUT = 25.0  # [s] twice this is within the 60 s after which the executor plugin gives up a query
UNANSWERED = (
    "unable to contact slurm controller",
    "socket timed out",
    "connection refused",
    "connection timed out",
    "zero bytes were transmitted",
    "communication connection failure",
    "unexpected message received",
)
FULL = (  # messages of sbatch after which the job may be accepted later
    "submit limit",
    "submitjobs",
    "maxsubmit",
    "resource temporarily unavailable",
    "temporarily unable to accept job",
    "job violates accounting/qos policy (job submit limit",
)
FINISHED = frozenset(
    {
        "COMPLETED",
        "FAILED",
        "CANCELLED",
        "TIMEOUT",
        "NODE_FAIL",
        "OUT_OF_MEMORY",
        "PREEMPTED",
        "BOOT_FAIL",
        "DEADLINE",
    }
)


class UnansweredError(ClusterError):
    """The controller does not answer, so the request may or may not have been carried out."""


@dataclass(frozen=True)
class Job:
    """One job in SLURM's queue.

    Args:
        id: its number (``12``, or ``12_3`` for a task of an array).
        state: SLURM's long name, ``RUNNING``.
        reason: why it waits or failed, without spaces or parentheses.
        name: the id of the Snakemake run that submitted it.
        comment: its rule and wildcards.
        directory: working directory.
    """

    id: str
    state: str
    reason: str
    name: str
    comment: str
    directory: str

    @property
    def rule(self) -> str:
        """Return rule and wildcards as a person writes them."""
        return rule_of(self.comment)


def rule_of(comment: str) -> str:
    """Return the rule and the wildcards in a job's comment as a person writes them."""
    return comment.removeprefix("rule_").replace("_wildcards_", " ")


def _path() -> str:
    """Return PATH without our guards."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    return os.pathsep.join(folder for folder in folders if folder and Path(folder) != BIN)


def real_command(name: str) -> str:
    """Return the path of a client command, not of our guard of the same name.

    Raises:
        ClusterError: there is no such command.
    """
    found = shutil.which(name, path=_path())
    if found is None:
        raise ClusterError(
            f"{name}: no such command; run this on a login node of a SLURM cluster "
            "(on one machine: snakemake --cores all)"
        )
    return found


def call(name: str, *arguments: str, script: str = "", timeout: float = TIMEOUT) -> str:
    """Run a client command, with a script as its standard input, and return what it prints.

    Our guards are not on its PATH, which sbatch hands on to the job: there is no Snakemake to guard there,
    and a training that asks squeue for the time left would get no answer.

    Raises:
        UnansweredError: the controller does not answer.
        ClusterError: there is no such command, or it fails for another reason.
    """
    try:
        done = subprocess.run(
            [real_command(name), *arguments],
            input=script,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=os.environ | {"PATH": _path()},
        )
    except subprocess.TimeoutExpired as error:
        raise UnansweredError(f"{name}: no answer within {timeout:g} s") from error
    if done.returncode:
        message = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
        kind = UnansweredError if unanswered(message) else ClusterError
        raise kind(f"{name}: {message}")
    return done.stdout


def unanswered(message: str) -> bool:
    """Return whether a client's error means that the controller is away, not that it refuses."""
    return any(text in message.lower() for text in UNANSWERED)


def full(message: str) -> bool:
    """Return whether a client's error means that the queue is full, so that it may accept the job later."""
    return any(text in message.lower() for text in FULL)


def jobs(*options: str) -> list[Job]:
    """Return the jobs that squeue lists.

    Args:
        options: options of squeue; without any, it lists all jobs that wait or run.
    """
    separator = "\x1f"
    fields = ("%i", "%T", "%r", "%j", "%Z", "%k")
    listed = call("squeue", "--noheader", f"--format={separator.join(fields)}", *options)
    found = []
    for line in listed.splitlines():
        number, state, reason, name, directory, comment = line.split(separator, len(fields) - 1)
        found.append(Job(number, state, reason, name, comment, directory))
    return found


def jobs_of_folder(folder: Path) -> list[Job]:
    """Return the unfinished jobs that Snakemake submitted from a folder."""
    mine = jobs(f"--user={getpass.getuser()}")
    return [
        job
        for job in mine
        if job.comment.startswith("rule_") and os.path.realpath(job.directory) == os.path.realpath(folder)
    ]


@dataclass(frozen=True)
class Partition:
    """One partition.

    Args:
        name: its name.
        default: whether jobs that name none go there.
        minutes: its time limit, or None without a limit.
        gpus: whether one of its nodes has a GPU.
    """

    name: str
    default: bool
    minutes: int | None
    gpus: bool


def partitions() -> list[Partition]:
    """Return the partitions of the cluster."""
    found: dict[str, Partition] = {}
    for line in call("sinfo", "--noheader", "--format=%P|%l|%G").splitlines():
        name, limit, resources = line.split("|")
        label = name.rstrip("*")
        gpus = "gpu" in resources or (label in found and found[label].gpus)
        found[label] = Partition(label, name.endswith("*"), _minutes(limit), gpus)
    return list(found.values())


def _minutes(limit: str) -> int | None:
    """Return the minutes of a limit, ``[days-]hours:minutes:seconds`` or shorter; None for ``infinite``."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):\d\d", limit.strip())
    if found is None:
        return None
    days, hours, minutes = (int(part or 0) for part in found.groups())
    return (days * 24 + hours) * 60 + minutes


def joined(ids: Sequence[str], limit: int = 10) -> str:
    """Return some ids as part of a sentence."""
    shown = ", ".join(ids[:limit])
    return shown if len(ids) <= limit else f"{shown} and {len(ids) - limit} more"
