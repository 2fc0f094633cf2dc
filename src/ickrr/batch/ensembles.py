"""Grouping of trainings: pending ones of one shape become one job of the verb `train_ensemble`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ickrr.batch.jobs import Job
from ickrr.batch.journal import ENSEMBLE_VERB, Journal
from ickrr.config.ensembles import refusal, shared_settings
from ickrr.config.experiment import Experiment
from ickrr.errors import ConfigError
from ickrr.files import to_json


@dataclass(frozen=True, kw_only=True)
class EnsembleJob(Job):
    """Several trainings as one call of a verb.

    Args:
        members: the trainings.
    """

    members: tuple[Job, ...]

    @property
    def arguments(self) -> list[str]:
        """Return the command line: of every member's own options, one value a member."""
        first = self.members[0]
        words = [self.verb]
        for key in (*first.inputs, *first.outputs, "seed"):
            words.append(f"--{key}")
            words += [str({**one.inputs, **one.outputs, **one.options}[key]) for one in self.members]
        shared = {**self.options, "state": self.state}
        return [*words, *(part for key, value in shared.items() for part in (f"--{key}", str(value)))]

    @property
    def parts(self) -> tuple[Job, ...]:
        """Return the members."""
        return self.members


def grouped(jobs: Sequence[Job], journal: Journal, experiment: Experiment, size: int) -> list[Job]:
    """Put pending trainings of one shape together, up to a number, most important first.

    A group stands where its first member stood, and the prompts of its other members come before it. What is
    done, what has a checkpoint of its own, and what has no companion stays alone.

    Args:
        jobs: most important first.
        journal: what is done.
        experiment: the resolved configuration.
        size: largest number of members.

    Raises:
        ConfigError: the size is not positive.
    """
    if size < 1:
        raise ConfigError(f"--ensemble is {size}; it must be at least 1")
    groups: dict[str, list[list[Job]]] = {}
    for job in jobs:
        key = _shape(job, experiment)
        if key is None or size == 1 or journal.is_done(job) or (job.state and job.state.exists()):
            continue
        of_shape = groups.setdefault(key, [[]])
        if len(of_shape[-1]) == size:
            of_shape.append([])
        of_shape[-1].append(job)
    group_of = {
        member.label: group
        for of_shape in groups.values()
        for group in of_shape
        for member in group
        if len(group) > 1
    }
    makers = {path: job for job in jobs for path in job.outputs.values()}
    ordered: dict[str, Job] = {}
    for job in jobs:
        group = group_of.get(job.label)
        if group is None:
            ordered.setdefault(job.label, job)
        elif job is group[0]:
            for path in dict.fromkeys(path for one in group for path in one.inputs.values()):
                if path in makers:
                    ordered.setdefault(makers[path].label, makers[path])
            joined = ensemble_of(group)
            ordered[joined.label] = joined
    return list(ordered.values())


def ensemble_of(members: Sequence[Job]) -> EnsembleJob:
    """Make one job of several trainings with the same device and threads."""
    first = members[0]
    labels = [one.label.removeprefix("train ") for one in members]
    name = f"ensemble-{hashlib.sha256(to_json(labels).encode()).hexdigest()[:12]}"
    assert first.state is not None
    return EnsembleJob(
        verb=ENSEMBLE_VERB,
        label=f"train together: {', '.join(labels)}",
        log=f"train_ensemble/{name}.log",
        inputs={f"{key} {i}": path for i, one in enumerate(members) for key, path in one.inputs.items()},
        outputs={f"{key} {i}": path for i, one in enumerate(members) for key, path in one.outputs.items()},
        options={key: value for key, value in first.options.items() if key != "seed"},
        run=first.run,
        state=first.state.parents[1] / f"{name}.safetensors",
        members=tuple(members),
    )


def _shape(job: Job, experiment: Experiment) -> str | None:
    """Return what companions must agree in, None for a job that has none."""
    if job.verb != "train" or job.run is None:
        return None
    run = experiment.run(job.run)
    return None if refusal(run) else to_json(shared_settings(run))
