"""The jobs of a plan, in the form in which the rules hand them over, and the summary printed at the end."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ickrr.config.experiment import Experiment
from ickrr.resources.disk import written_bytes
from ickrr.wording import counted


class Job(NamedTuple):
    """One job of a plan.

    Attributes:
        rule: name of its rule.
        wildcards: values of the wildcards, by name.
        outputs: files that it writes.
        benchmark: file in which Snakemake notes its times, on the machine that ran it; None without one.
    """

    rule: str
    wildcards: Mapping[str, str] = {}
    outputs: Sequence[str] = ()
    benchmark: str | None = None


def bytes_of(experiment: Experiment, jobs: Iterable[Job]) -> float:
    """Return an upper bound on the bytes that some jobs write."""
    return sum(written_bytes(experiment, job.rule, job.wildcards) for job in jobs)


def jobs_of_paper(experiment: Experiment) -> list[Job]:
    """List the jobs of the whole paper that write large files, and an upper bound on its small ones."""
    tasks = {experiment.task_of(name) for name in experiment.models}
    jobs = [Job(rule, {"task": task}) for rule in ("sample_prompts", "solve_prompts") for task in tasks]
    for run in experiment.models:
        rules = ["train_model" if run in experiment.runs else "build_control", "probe_model"]
        rules += ["measure_operators"] if run in experiment.operators.runs else []
        jobs += [Job(rule, {"run": run}) for rule in rules for _ in experiment.seeds(run)]
    small = 6 * len(experiment.models) + len(experiment.figures) + len(experiment.tables)
    return jobs + [Job("small")] * small


def summary(
    asked: Sequence[str], ran: Sequence[Job], there: Sequence[Job], seconds: float, scale: str
) -> str:
    """Return the text that ends a run: where the results are, how long they took, and what to do next.

    Args:
        asked: the files that were asked for.
        ran: jobs that this run has done.
        there: all other jobs of the plan.
        seconds: duration of the run.
        scale: name of the scale.
    """
    computed = sum(1 for job in ran if job.outputs)
    # Benchmarks stay on the machine where the job ran, so a result without one came in a bundle.
    here = [job.benchmark is not None and Path(job.benchmark).exists() for job in there]
    taken = sum(_existing(job) for job, ours in zip(there, here, strict=True) if not ours)
    kept = sum(_existing(job) for job, ours in zip(there, here, strict=True) if ours)
    parts = [
        f"{counted(computed, 'job')} computed",
        f"{counted(taken, 'result')} taken from a bundle" if taken else "",
        f"{counted(kept, 'result')} of earlier runs kept" if kept else "",
    ]
    paper = next((name for name in asked if name.endswith("paper.pdf")), None)
    first = paper or (asked[0] if asked else f"results/{scale}")
    more = f" (and {counted(len(asked) - 1, 'more file')})" if len(asked) > 1 else ""
    next_steps = [f"open {first}", f"ickrr check --scale {scale} looks at every result"]
    if paper:
        next_steps.append(f"make report SCALE={scale} makes a browsable report")
    return (
        f"\n{first}{more} is ready after {duration(seconds)}: {', '.join(filter(None, parts))}.\n"
        f"Next: {'; '.join(next_steps)}."
    )


def _existing(job: Job) -> int:
    return sum(Path(output).exists() for output in job.outputs)


def duration(seconds: float) -> str:
    """Return a duration as text: 48 s, 2 min 5 s, 1 h 14 min."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
