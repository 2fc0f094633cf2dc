"""Stand between Snakemake's executor plugin and SLURM, as its ``sbatch``, ``squeue`` and ``sacct``.

The plugin loses all its jobs for good when a few status queries fail in a row. It waits for ever for a job
that was preempted or lost its node for good, that can never start, or that the controller forgot. `submit`
puts the commands in ``bin/`` first on Snakemake's PATH, so that

- a status query is always answered: if the controller is away, the answer is empty, which the plugin takes as
  "no news";
- a job that cannot continue is reported as cancelled, so that it is submitted again;
- a submission waits while the queue is full or the controller is away, and never submits the same job twice
  because the first answer was lost;
- a time limit above the partition's is cut to it, as training resumes from its checkpoint.

Everything else is handed to the real command unchanged.
"""

import os
import re
import sys
import time
from collections.abc import Sequence

from slurm_guard import client
from slurm_guard.client import Job, UnansweredError
from slurm_guard.errors import ClusterError
from slurm_guard.journal import Journal, note

LOST = {
    "PREEMPTED": "was preempted",
    "NODE_FAIL": "lost its node",
}  # the plugin expects these jobs to come back
HOPELESS = frozenset(  # reasons for waiting that will never go away
    {
        "PartitionTimeLimit",
        "PartitionNodeLimit",
        "BadConstraints",
        "InvalidAccount",
        "InvalidQOS",
        "DependencyNeverSatisfied",
        "QOSMaxWallDurationPerJobLimit",
        "AssocMaxWallDurationPerJobLimit",
        "QOSMaxMemoryPerJob",
        "QOSMaxCpuPerJobLimit",
        "QOSMaxGRESPerJob",
        "launch_failed_requeued_held",
        "JobHoldMaxRequeue",
    }
)
PATIENCE = 24 * 3600.0  # [s] that a submission waits
FIRST_PAUSE = 4.0  # [s] after a failed attempt to submit; doubles
LONGEST_PAUSE = 60.0  # [s] between two attempts to submit
VANISHED_FOR = 60.0  # [s] that a job must be unknown to the controller before it counts as lost


def main(arguments: Sequence[str]) -> int:
    """Run one guarded command and return its exit code."""
    command, *options = arguments
    if command == "sbatch" and "--parsable" in options:
        return submit(options)
    if command in ("squeue", "sacct") and "--name" in options:
        print(
            "".join(f"{job}|{state}\n" for job, state in states(options[options.index("--name") + 1])), end=""
        )
        return 0
    os.execv(client.real_command(command), [command, *options])


# Status


def states(run: str) -> list[tuple[str, str]]:
    """Return the state of every job of a run, as the plugin should see it."""
    journal = Journal(run)
    try:
        found = client.jobs("--states=all", "--name", run)
    except ClusterError as error:
        if journal.first_seen("away") == 0:
            note(f"the status of the jobs is unknown ({error}); they continue, and it is asked for again")
        return []
    if journal.forget("away"):
        note("the controller answers again")
    answers = [(job.id, _state(job, journal)) for job in found]
    forgotten = journal.jobs().keys() - {job.id for job in found}
    answers += [(job, _state_of_forgotten(job, journal)) for job in sorted(forgotten)]
    return answers


def _state(job: Job, journal: Journal) -> str:
    if job.state in LOST:
        # SLURM shows a job that it puts back into the queue as pending, never in one of these states.
        _note_once(
            journal, job.id, f"job {job.id} ({job.rule}) {LOST[job.state]} for good; it is submitted again"
        )
        return "CANCELLED"
    if job.state == "PENDING" and job.reason.replace(" ", "_") in HOPELESS:
        _note_once(journal, job.id, f"job {job.id} ({job.rule}) can never start ({job.reason}); cancelled")
        try:
            client.call("scancel", job.id)
        except ClusterError:
            return job.state  # the next query tries again
        return "CANCELLED"
    return job.state


def _state_of_forgotten(job: str, journal: Journal) -> str:
    """Return the state of a job that the controller has forgotten, from what it noted at its end."""
    code = journal.exit_code(job)
    if code is not None:
        return "COMPLETED" if code == 0 else "FAILED"
    if journal.first_seen(f"{job}.vanished") < VANISHED_FOR:
        return "PENDING"
    _note_once(
        journal, job, f"job {job} is unknown to the controller and noted no end; it is submitted again"
    )
    return "FAILED"


def _note_once(journal: Journal, job: str, message: str) -> None:
    if journal.first_seen(f"{job}.noted") == 0:
        note(message)


# Submission


def submit(options: list[str]) -> int:
    """Submit one job, waiting while that is not possible; print its id and return the exit code."""
    run = _value(options, "--job-name")
    comment = _value(options, "--comment")
    journal = Journal(run)
    options = [
        f"--wrap={journal.ending(option.removeprefix('--wrap='), comment)}"
        if option.startswith("--wrap=")
        else option
        for option in options
    ]
    # With `slurm-pass-command-as-script` the script is read here, once, as sbatch may be called again.
    script = journal.ending(sys.stdin.read(), comment) if "/dev/stdin" in options else ""
    began, pause, job = time.monotonic(), FIRST_PAUSE, ""
    noted = ""
    while not job:
        try:
            if noted:
                # Perhaps only the answer was lost, not the submission. The same job twice would be two
                # writers of its files, so nothing is submitted until this question is answered.
                job = _accepted(run, comment, journal)
            if not job:
                _fit_time_limit(options, comment)
                job = client.call("sbatch", *options, script=script).strip()
        except ClusterError as error:
            message = str(error)
            waits = isinstance(error, UnansweredError) or client.full(message)
            if not waits or time.monotonic() - began > PATIENCE:
                note(f"SLURM refuses {client.rule_of(comment)}: {message}")
                print(message, file=sys.stderr)
                return 1
            if message != noted:
                note(f"{client.rule_of(comment)} waits to be submitted: {message}")
            noted = message
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    journal.submitted(job.split(";")[0], comment)
    print(job)
    return 0


def _accepted(run: str, comment: str, journal: Journal) -> str:
    """Return the id of a job that was accepted although the answer was lost, or "" if there is none.

    Raises:
        UnansweredError: the controller does not answer now.
    """
    try:
        found = client.jobs("--states=all", "--name", run)
    except ClusterError as error:
        raise UnansweredError(str(error)) from error
    # A short job may have ended, and been forgotten, before the controller answers again.
    comments = {job.id: job.comment for job in found} | journal.ended()
    known = journal.jobs().keys()
    return next((job for job in comments if comments[job] == comment and job not in known), "")


def _fit_time_limit(options: list[str], comment: str) -> None:
    """Cut a time limit, in place, to that of the job's partition, or to the longest of its partitions."""
    if "-t" not in options:
        return
    place = options.index("-t") + 1
    wanted = options[place]
    if not re.fullmatch(r"\d+", wanted):
        return
    names = options[options.index("-p") + 1].split(",") if "-p" in options else []
    # If a job names several partitions, SLURM takes one that allows its limit.
    here = [part for part in client.partitions() if (part.name in names if names else part.default)]
    limits = [part.minutes for part in here if part.minutes is not None]
    if limits and len(limits) == len(here) and int(wanted) > max(limits):
        options[place] = str(max(limits))
        named = ",".join(part.name for part in here)
        note(
            f"{client.rule_of(comment)} asks for {wanted} minutes and partition {named} allows "
            f"{max(limits)}: submitted with that (if it is too short, training resumes from its "
            "checkpoint; anything else needs another partition: set-resources in the profile)"
        )


def _value(options: Sequence[str], name: str) -> str:
    return options[options.index(name) + 1]
