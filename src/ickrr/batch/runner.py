"""Runs jobs in order of importance, a few at a time, until all are done or the budget of time is spent.

Every job is a process of its own, with the rule's command line and log. A training is told how long it has,
and saves before that; what is left at the deadline is killed, which loses nothing that was saved.
"""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from ickrr.batch.jobs import Job
from ickrr.batch.journal import Journal
from ickrr.batch.plan import STARTUP_SECONDS, Estimates
from ickrr.provenance import PACKAGE_ROOT

EXIT_TRY_AGAIN = 75  # what a training exits with after it has saved at its time limit
SHORTEST_TRAINING = 2 * STARTUP_SECONDS  # [s] with less left, a training would only start and stop
GRACE_SECONDS = 3.0  # before the deadline, processes are asked to stop; at the deadline they are killed
POLL_SECONDS = 0.05


@dataclass
class Outcome:
    """What became of the jobs, by label.

    Args:
        done: finished now.
        failed: ended with an error; the value is the log.
        stopped: saved or killed before their end.
        signal: number of the signal that stopped everything, None if none did.
    """

    done: list[str] = field(default_factory=list)
    failed: dict[str, Path] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    signal: int | None = None


@dataclass
class _Running:
    job: Job
    process: subprocess.Popen[bytes]
    began: float
    share: float
    asked: bool = False


class Runner:
    """Runs jobs.

    Args:
        jobs: most important first, after the jobs that make their inputs; those already done are skipped.
        journal: where finished jobs are recorded.
        estimates: how long jobs take.
        budget: seconds from `began`.
        parallel: jobs at a time.
        logs: folder of the scale's logs.
        lock: open file whose lock children hold for as long as they live.
        began: `time.monotonic` at the start of the budget.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        journal: Journal,
        estimates: Estimates,
        budget: float,
        parallel: int,
        logs: Path,
        lock: int,
        began: float,
    ) -> None:
        self.waiting = list(jobs)
        self.total = len(unfinished(jobs, journal))
        self.journal = journal
        self.estimates = estimates
        self.budget = budget
        self.parallel = parallel
        self.logs = logs
        self.lock = lock
        self.began = began
        self.running: list[_Running] = []
        self.outcome = Outcome()

    def run(self) -> Outcome:
        """Run until everything is done, the budget is spent, or a signal arrives."""
        handlers = {n: signal.signal(n, self._remember) for n in (signal.SIGTERM, signal.SIGINT)}
        try:
            while True:
                while self.outcome.signal is None and len(self.running) < self.parallel:
                    job = self._next()
                    if job is None:
                        break
                    self._start(job)
                if not self.running:
                    return self.outcome
                self._wait()
        finally:
            for running in self.running:
                running.process.kill()
                running.process.wait()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    @property
    def left(self) -> float:
        """Seconds of the budget that are left."""
        return self.budget - (time.monotonic() - self.began)

    def _next(self) -> Job | None:
        """Take the first job that is not done, whose inputs are made, and which there is time for."""
        pending = {path for running in self.running for path in running.job.outputs.values()}
        for job in list(self.waiting):
            ready = pending.isdisjoint(job.inputs.values())
            if ready and self.journal.is_done(job):
                self.waiting.remove(job)
                continue
            # A training can be gone on from; anything else that is killed was for nothing.
            needed = SHORTEST_TRAINING if job.state else self.estimates.seconds(job)
            if ready and self.left > GRACE_SECONDS + needed:
                self.waiting.remove(job)
                return job
            pending.update(job.outputs.values())
        return None

    def _start(self, job: Job) -> None:
        self._say(f"{job.label}: starts, about {_duration(self.estimates.seconds(job))}")
        arguments = job.arguments
        if job.state is not None and math.isfinite(self.left):
            arguments += ["--time-limit", f"{self.left - GRACE_SECONDS:.1f}"]
        log = self.logs / job.log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "ickrr", *arguments],
                stderr=errors,
                env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT.parent)},
                pass_fds=[self.lock],
            )
        share = self.estimates.share_left(job)
        self.running.append(_Running(job, process, time.monotonic(), share))

    def _wait(self) -> None:
        """Wait for the next event: a job's end, the deadline, or a signal."""
        while all(running.process.poll() is None for running in self.running):
            if self.outcome.signal is not None or self.left < GRACE_SECONDS:
                for running in self.running:
                    if not running.asked:
                        running.process.terminate()
                        running.asked = True
            if self.left < 0:
                for running in self.running:
                    running.process.kill()
            time.sleep(POLL_SECONDS)
        ended = [running for running in self.running if running.process.poll() is not None]
        self.running = [running for running in self.running if running not in ended]
        for running in ended:
            self._finish(running)

    def _finish(self, running: _Running) -> None:
        job, code = running.job, running.process.returncode
        seconds = time.monotonic() - running.began
        if code == 0:
            self.journal.add(job)
            self.estimates.learn(job, running.share, seconds)
            self.outcome.done.append(job.label)
            self._say(f"{job.label}: done in {_duration(seconds)}; {self._progress()}")
        elif code == EXIT_TRY_AGAIN or running.asked:
            self._drop_dependents(job)
            self.outcome.stopped.append(job.label)
            self._say(f"{job.label}: stopped after {_duration(seconds)}; the next call goes on with it")
        else:
            log = self.logs / job.log
            self.outcome.failed[job.label] = log
            self._say(f"{job.label}: failed with exit code {code}; see {log}")
            self._drop_dependents(job)

    def _drop_dependents(self, unmade: Job) -> None:
        """Give up what needs the outputs of a job that did not end well."""
        for job in [job for job in self.waiting if needs(job, [unmade])]:
            self.waiting.remove(job)
            self._drop_dependents(job)

    def _progress(self) -> str:
        waiting = unfinished(self.waiting, self.journal)
        rest = sum(self.estimates.seconds(job) for job in waiting) / self.parallel
        left = f", {_duration(max(0.0, self.left))} of the budget left" if math.isfinite(self.left) else ""
        done = f"{len(self.outcome.done)} of {self.total} jobs"
        return f"{done}, the others need about {_duration(rest)}{left}"

    def _say(self, message: str) -> None:
        print(f"[{time.monotonic() - self.began:.0f} s] {message}", flush=True)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.outcome.signal = number


def unfinished(jobs: Sequence[Job], journal: Journal) -> list[Job]:
    """List the jobs that are not done, or that read what such a job will make."""
    found: list[Job] = []
    for job in jobs:
        if needs(job, found) or not journal.is_done(job):
            found.append(job)
    return found


def needs(job: Job, others: Sequence[Job]) -> bool:
    """Tell whether a job reads an output of one of the others."""
    made = {path for other in others for path in other.outputs.values()}
    return not made.isdisjoint(job.inputs.values())


def _duration(seconds: float) -> str:
    """Return seconds, minutes or hours, whichever reads best."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
