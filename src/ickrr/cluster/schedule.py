"""A planned schedule of the whole paper on some GPUs, from the estimates of its jobs.

List scheduling: whenever a GPU is free, the ready job with the longest chain of work behind it starts.
Jobs without a GPU (comparisons) take CPUs, of which a cluster has enough.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass

from ickrr.cluster import sizes
from ickrr.config.experiment import Experiment

OVERHEAD = 20.0  # [s] from a job's submission to its first line and from its last to the next submission


@dataclass(frozen=True)
class Task:
    """One job.

    Args:
        name: for example ``train spherical 0``.
        stage: train, probe, solve or compare.
        seconds: how long it runs.
        needs: names of the jobs whose results it reads.
        gpu: whether it takes a GPU.
    """

    name: str
    stage: str
    seconds: float
    needs: tuple[str, ...]
    gpu: bool


@dataclass(frozen=True)
class Placed:
    """When and where a job runs: seconds from the start, number of the GPU (-1 without)."""

    task: Task
    start: float
    end: float
    gpu: int


def tasks(experiment: Experiment) -> list[Task]:
    """List the expensive jobs of an experiment on GPUs; sampling and reporting take minutes in all."""
    found: list[Task] = []
    prompts, solvers, draws = experiment.prompts, experiment.solvers, experiment.statistics.bootstrap_draws
    for name in dict.fromkeys(experiment.task_of(run) for run in experiment.compared):
        seconds = sizes.solving_seconds(experiment.task(name), prompts.evaluation, solvers, True)
        found.append(Task(f"solve {name}", "solve", seconds, (), True))
    for name, overrides in experiment.runs.items():
        run = experiment.run(name)
        training = sizes.training_seconds(run, prompts, True)
        probing = sizes.probing_seconds(run, prompts, True)
        comparing = sizes.comparing_seconds(run, prompts.evaluation, solvers, draws)
        for seed in experiment.seeds(name):
            label = f"{name} {seed}"
            found.append(Task(f"train {label}", "train", training, (), True))
            if not experiment.is_compared(name):
                continue
            found.append(Task(f"probe {label}", "probe", probing, (f"train {label}",), True))
            needs = (f"probe {label}", f"solve {overrides.task}")
            found.append(Task(f"compare {label}", "compare", comparing, needs, False))
    return found


def plan(jobs: Sequence[Task], gpus: int, overhead: float = OVERHEAD) -> list[Placed]:
    """Place every job.

    Args:
        jobs: the jobs; what they need is among them.
        gpus: number of GPUs.
        overhead: seconds added to each job.

    Returns:
        One entry a job, in order of their starts. The last end is the makespan.
    """
    by_name = {job.name: job for job in jobs}
    followers: dict[str, list[Task]] = {job.name: [] for job in jobs}
    for job in jobs:
        for need in job.needs:
            followers[need].append(job)
    behind: dict[str, float] = {}

    def chain(name: str) -> float:
        if name not in behind:
            rest = max((chain(follower.name) for follower in followers[name]), default=0.0)
            behind[name] = by_name[name].seconds + overhead + rest
        return behind[name]

    waiting = {job.name: len(job.needs) for job in jobs}
    ready = [(-chain(job.name), job.name) for job in jobs if not job.needs]
    heapq.heapify(ready)
    free = list(range(gpus))
    running: list[tuple[float, str, int]] = []
    placed: list[Placed] = []
    now = 0.0
    while ready or running:
        kept = []
        while ready:
            priority, name = heapq.heappop(ready)
            job = by_name[name]
            if job.gpu and not free:
                kept.append((priority, name))
                continue
            gpu = free.pop(0) if job.gpu else -1
            end = now + job.seconds + overhead
            placed.append(Placed(job, now, end, gpu))
            heapq.heappush(running, (end, name, gpu))
        for item in kept:
            heapq.heappush(ready, item)
        now, name, gpu = heapq.heappop(running)
        if gpu >= 0:
            heapq.heappush(free, gpu)
        for follower in followers[name]:
            waiting[follower.name] -= 1
            if waiting[follower.name] == 0:
                heapq.heappush(ready, (-chain(follower.name), follower.name))
    return placed


def makespan(placed: Sequence[Placed]) -> float:
    """Return when the last job ends, seconds."""
    return max((entry.end for entry in placed), default=0.0)


def critical_path(jobs: Sequence[Task], overhead: float = OVERHEAD) -> float:
    """Return the longest chain of jobs, seconds: no number of GPUs is faster."""
    ends: dict[str, float] = {}
    by_name = {job.name: job for job in jobs}

    def end(name: str) -> float:
        if name not in ends:
            job = by_name[name]
            ends[name] = max((end(need) for need in job.needs), default=0.0) + job.seconds + overhead
        return ends[name]

    return max((end(job.name) for job in jobs), default=0.0)
