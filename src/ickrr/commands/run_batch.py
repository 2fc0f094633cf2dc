"""Train and probe models on one machine within a budget of time, without Snakemake: most important first.

Call it again to go on where it stopped. `adopt_results` takes the results over into the checkout that
builds the paper.
"""

import argparse
import fcntl
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch

from ickrr.batch.ensembles import grouped
from ickrr.batch.given import record_given
from ickrr.batch.jobs import Job, importance, jobs_of
from ickrr.batch.journal import Journal
from ickrr.batch.plan import Estimates, table
from ickrr.batch.runner import EXIT_TRY_AGAIN, Outcome, Runner, unfinished
from ickrr.commands.estimate import measure_run, shape_of
from ickrr.config.experiment import Experiment
from ickrr.config.load import SCALES, load_experiment
from ickrr.config.run import RunSettings
from ickrr.config.specs import resolved_specs
from ickrr.device import DEVICES, resolve_device
from ickrr.errors import FileError, IckrrError
from ickrr.estimates import forward_flops, prediction_tokens, step_flops
from ickrr.files import write_text_if_changed
from ickrr.training.interruption import process_age

MEASURING_SHARE = 0.1  # of the budget; runs that are not measured by then are estimated from their flops


LEFT_OUT = "left to Snakemake: the hand-built models of the grid, contraction factors and controls"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="the default experiment")
    parser.add_argument("--scale", choices=SCALES, help="overlay to lay on top")
    parser.add_argument("--overlay", type=Path, help="a further overlay")
    parser.add_argument("--results", type=Path, help="where results go (default results/<scale>)")
    parser.add_argument("--logs", type=Path, help="where logs go (default logs/<scale>)")
    parser.add_argument("--runs", nargs="+", default=[], help="only these, in this order (default: all)")
    parser.add_argument("--seeds", nargs="+", type=int, default=[], help="only these (default: all)")
    parser.add_argument(
        "--budget", type=float, default=math.inf, help="seconds after which all is saved and nothing runs"
    )
    parser.add_argument("--parallel", type=int, default=1, help="jobs at a time (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of a job (default 1)")
    parser.add_argument(
        "--ensemble",
        type=int,
        default=1,
        metavar="M",
        help="train up to M models of one shape as one; they agree with trainings alone within a tolerance, "
        "not to the byte: docs/one_machine.md (default 1: each alone)",
    )
    parser.add_argument("--device", choices=DEVICES, help="where to run (default: compute.device)")
    parser.add_argument("--dry-run", action="store_true", help="print the plan, write nothing")


def main(arguments: argparse.Namespace) -> None:
    """Write the specs and run the jobs, or print the plan.

    Raises:
        ConfigError: the configuration or an option is wrong.
        FileError: another batch works in the same folder, or the journal is damaged.
        IckrrError: jobs failed; the message names their logs.
        SystemExit: 75 when the budget ended first, 128 + n when signal n did; what runs is saved.
    """
    began = time.monotonic() - process_age()
    measure_until = began + MEASURING_SHARE * arguments.budget
    torch.set_num_threads(arguments.threads)
    experiment = load_experiment(arguments.config, arguments.scale, arguments.overlay)
    results = arguments.results or Path("results") / experiment.scale
    logs = arguments.logs or Path("logs") / experiment.scale
    device = arguments.device or experiment.compute.device
    models = importance(experiment, arguments.runs, arguments.seeds)
    jobs = jobs_of(experiment, models, results, device, arguments.threads)
    if not jobs:
        raise IckrrError(f"--seeds {arguments.seeds}: no chosen run has such a seed; see runs.<name>.seeds")
    print(LEFT_OUT)
    if arguments.dry_run:
        journal = Journal.load(results)
        waiting = unfinished(grouped(jobs, journal, experiment, arguments.ensemble), journal)
        estimates = measured(experiment, waiting, device, measure_until)
        print(table(waiting, estimates, arguments.budget, arguments.parallel))
        return
    with locked(results / "batch.lock") as lock:
        for name, text in resolved_specs(experiment).items():
            write_text_if_changed(results / "specs" / name, text)
        journal = Journal.load(results)
        for label in record_given(jobs, journal):
            print(f"{label}: was here already")
        jobs = grouped(jobs, journal, experiment, arguments.ensemble)
        estimates = measured(experiment, unfinished(jobs, journal), device, measure_until)
        runner = Runner(jobs, journal, estimates, arguments.budget, arguments.parallel, logs, lock, began)
        outcome = runner.run()
        report(outcome, len(unfinished(jobs, journal)))


def measured(experiment: Experiment, waiting: Sequence[Job], device: str, until: float) -> Estimates:
    """Measure a few steps of the runs that have something to do.

    Args:
        experiment: the resolved configuration.
        waiting: jobs to do, most important first.
        device: where they will run.
        until: `time.monotonic` after which no further run is measured; the others are estimated from the
            first one, in proportion to their flops.
    """
    names = dict.fromkeys(part.run for job in waiting for part in job.parts if part.run is not None)
    runs = [experiment.run(name) for name in names]
    found: dict[str, tuple[float, float]] = {}
    training: dict[str, float] = {}
    probing: dict[str, float] = {}
    prompts = experiment.prompts
    for run in runs:
        shape = shape_of(run)
        if shape not in found and (not found or time.monotonic() < until):
            found[shape] = measure_run(run, resolve_device(device))
        if shape in found:
            step, prediction = found[shape]
        else:
            step, prediction = found[shape_of(runs[0])]
            step *= step_flops(run) / step_flops(runs[0])
            prediction *= prediction_flops(run) / prediction_flops(runs[0])
        steps = run.training.steps
        validations = -(-steps // run.training.validate_every)
        training[run.name] = steps * step + validations * prompts.validation * prediction
        probing[run.name] = (prompts.fit + prompts.evaluation) * prediction
    return Estimates(training, probing, {run.name: run.training.steps for run in runs})


def prediction_flops(run: RunSettings) -> float:
    """Return the flops of one prompt's predictions at all context lengths."""
    return forward_flops(run, prediction_tokens(run))


@contextmanager
def locked(path: Path) -> Iterator[int]:
    """Hold a lock that children inherit, so that a training outliving its batch still has it.

    Raises:
        FileError: somebody else holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FileError(
                f"{path}: another batch works here, or a training that one left behind; "
                "wait until it has ended, or stop it"
            ) from error
        yield handle
    finally:
        os.close(handle)


def report(outcome: Outcome, left: int) -> None:
    """Say what became of everything, as the exit code does.

    Raises:
        IckrrError: jobs failed.
        SystemExit: jobs are left.
    """
    print(f"{len(outcome.done)} jobs done, {len(outcome.failed)} failed, {left} left", flush=True)
    if outcome.failed:
        logs = ", ".join(str(log) for log in outcome.failed.values())
        raise IckrrError(f"{len(outcome.failed)} jobs failed; their messages are in {logs}")
    if outcome.signal is not None:
        raise SystemExit(128 + outcome.signal)
    if left:
        raise SystemExit(EXIT_TRY_AGAIN)
