"""The jobs behind trained and probed models: the DAG's rules sample, train and probe, at the DAG's paths.

A test compares their command lines with those that Snakemake would run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from ickrr.config.experiment import Experiment
from ickrr.config.task import Split
from ickrr.errors import ConfigError


@dataclass(frozen=True)
class Model:
    """One training: a run and a seed."""

    run: str
    seed: int


@dataclass(frozen=True)
class Job:
    """One call of a verb.

    Args:
        verb: name of the verb.
        label: what it is, for people; unique.
        log: name of its log below ``logs/<scale>``, that of the rule.
        inputs: files that it reads, by option.
        outputs: files that it writes, by option.
        options: values by option.
        run: the run that it belongs to, None for prompts.
        state: checkpoint that it goes on from, None if it starts afresh each time.
    """

    verb: str
    label: str
    log: str
    inputs: dict[str, Path]
    outputs: dict[str, Path]
    options: dict[str, str] = field(default_factory=dict)
    run: str | None = None
    state: Path | None = None

    @property
    def arguments(self) -> list[str]:
        """Return the command line after ``python -m ickrr``."""
        values = {**self.inputs, **self.outputs, **self.options}
        if self.state is not None:
            values["state"] = self.state
        return [self.verb, *(part for key, value in values.items() for part in (f"--{key}", str(value)))]

    @property
    def parts(self) -> "tuple[Job, ...]":
        """Return the jobs that are done when this one is, under whose labels its outputs are recorded."""
        return (self,)


def importance(experiment: Experiment, runs: Sequence[str] = (), seeds: Iterable[int] = ()) -> list[Model]:
    """Order the trainings, most important first.

    The runs of `compute.first_runs` come before the others. Within each of the two groups, every run gets
    its first seed before any gets its second: a result of one seed for all shows more than three of one.

    Args:
        experiment: the resolved configuration.
        runs: only these, as one group in this order; all when empty.
        seeds: only these; all of each run when empty.

    Raises:
        ConfigError: a run does not exist.
    """
    unknown = [run for run in runs if run not in experiment.runs]
    if unknown:
        raise ConfigError(
            f"--runs: found '{unknown[0]}', which is not a run; there are {', '.join(experiment.runs)}"
        )
    first = list(runs) or list(experiment.compute.first_runs)
    others = [] if runs else [run for run in experiment.runs if run not in first]
    chosen = set(seeds)
    models = []
    for group in (first, others):
        wanted = {run: [s for s in experiment.seeds(run) if not chosen or s in chosen] for run in group}
        rounds = max((len(of_run) for of_run in wanted.values()), default=0)
        models += [
            Model(run, of_run[turn])
            for turn in range(rounds)
            for run, of_run in wanted.items()
            if turn < len(of_run)
        ]
    return models


def jobs_of(
    experiment: Experiment, models: Iterable[Model], results: Path, device: str, threads: int = 1
) -> list[Job]:
    """List the jobs of some models in order: prompts when they are first needed, training, probing.

    Args:
        experiment: the resolved configuration.
        models: trainings, most important first.
        results: folder of the scale's results.
        device: auto, cpu or cuda.
        threads: CPU threads of each job.
    """
    jobs: dict[str, Job] = {}
    for model in models:
        task = experiment.runs[model.run].task
        prompts = {split: _sample(f"{task}-{split}", results, threads) for split in get_args(Split)}
        train = _train(model, prompts["validation"], results, device, threads)
        probe = _probe(model, train, prompts["fit"], prompts["evaluation"], results, device, threads)
        for job in (prompts["validation"], train, prompts["fit"], prompts["evaluation"], probe):
            jobs.setdefault(job.label, job)
    return list(jobs.values())


def _sample(name: str, results: Path, threads: int) -> Job:
    return Job(
        verb="sample",
        label=f"sample {name}",
        log=f"sample_prompts/{name}.log",
        inputs={"prompts": results / f"specs/prompts/{name}.json"},
        outputs={"output": results / f"prompts/{name}.safetensors"},
        options={"threads": str(threads)},
    )


def _train(model: Model, validation: Job, results: Path, device: str, threads: int) -> Job:
    name = f"{model.run}/seed{model.seed}"
    trained = results / f"trained/{name}"
    return Job(
        verb="train",
        label=f"train {model.run} seed {model.seed}",
        log=f"train_model/{name}.log",
        inputs={
            "run": results / f"specs/runs/{model.run}.json",
            "validation": validation.outputs["output"],
        },
        outputs={
            "weights": trained / "weights.safetensors",
            "learning-curve": trained / "learning_curve.parquet",
            "rate": trained / "rate.parquet",
            "record": trained / "run.json",
        },
        options={"seed": str(model.seed), "threads": str(threads), "device": device},
        run=model.run,
        state=results / f"state/{name}.safetensors",
    )


def _probe(
    model: Model, train: Job, fit: Job, evaluation: Job, results: Path, device: str, threads: int
) -> Job:
    name = f"{model.run}/seed{model.seed}"
    return Job(
        verb="probe",
        label=f"probe {model.run} seed {model.seed}",
        log=f"probe_model/{name}.log",
        inputs={
            "run": train.inputs["run"],
            "weights": train.outputs["weights"],
            "fit": fit.outputs["output"],
            "evaluation": evaluation.outputs["output"],
            "settings": results / "specs/probe.json",
        },
        outputs={"output": results / f"predictions/{name}.safetensors"},
        options={
            "readout": "fitted",
            "seed": str(model.seed),
            "threads": str(threads),
            "device": device,
        },
        run=model.run,
    )
