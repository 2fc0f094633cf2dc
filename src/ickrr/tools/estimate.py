"""Estimate steps, time and memory of every run and of the paper from a few measured steps."""

import argparse
import os
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import torch

from ickrr.config.command_line import add_config_options, at_least_one, experiment_of
from ickrr.config.experiment import Experiment
from ickrr.config.run import RunSettings
from ickrr.device import DEVICES, resolve_device
from ickrr.io.files import write_table
from ickrr.model.initialisation import initialise
from ickrr.model.size import parameters
from ickrr.model.transformer import Transformer
from ickrr.model.weights import build_model
from ickrr.randomness import torch_generator
from ickrr.resources.flops import step_flops
from ickrr.resources.of_constructions import contraction_cost, grid_cost
from ickrr.resources.of_jobs import wall_time
from ickrr.resources.of_steps import (
    PROCESS_MB,
    probing_memory_mb,
    solving_memory_mb,
    training_memory_mb,
)
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import sample_prompts
from ickrr.training.compilation import predictor
from ickrr.training.data import TrainingData
from ickrr.training.optimizer import Optimizer
from ickrr.training.precision import arithmetic, reduced

MEASURED_STEPS = 3
MEASURED_FLOPS = 2e10  # a step that costs more is measured with fewer prompts, and scaled
MEASURED_PROMPTS = 16
MEASURED_SOLVER_STEPS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config_options(parser)
    parser.add_argument(
        "--cores",
        type=at_least_one,
        default=os.cpu_count() or 1,
        help="cores for which the wall time is estimated",
    )
    parser.add_argument("--threads", type=at_least_one, default=1, help="CPU threads of each job (default 1)")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="device to measure on")
    parser.add_argument("--output", type=Path, help="write the rows as a table too (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Measure, then print one row for each run and stage, and the totals.

    Raises:
        ConfigError: the configuration is wrong, or the device does not exist.
    """
    torch.set_num_threads(arguments.threads)
    experiment = experiment_of(arguments)
    device = resolve_device(arguments.device)
    rows = training_rows(experiment, device) + solving_rows(experiment, device)
    rows += construction_rows(experiment) + control_rows(experiment, device)
    table = pd.DataFrame(rows)
    print(report(table, experiment.scale, device.type, arguments.cores))
    reduced_runs = [n for n in experiment.runs if experiment.run(n).training.precision != "float32"]
    if device.type == "cpu" and reduced_runs:
        print(f"measured in float32: {len(reduced_runs)} runs ask for a precision that only a GPU has")
    if arguments.output:
        write_table(arguments.output, table)


def training_rows(experiment: Experiment, device: torch.device) -> list[dict[str, object]]:
    """Return two rows for each run: one for training it, one for probing it (a step there is a prompt)."""
    measured: dict[str, tuple[float, float]] = {}
    rows: list[dict[str, object]] = []
    for name in experiment.runs:
        run = experiment.run(name)
        shape = shape_of(run)
        if shape not in measured:
            measured[shape] = measure_run(run, device)
        step, prediction = measured[shape]
        jobs = len(experiment.seeds(name))
        validations = -(-run.training.steps // run.training.validate_every)
        validating = validations * experiment.prompts.validation * prediction
        shared = {"run": name, "jobs": jobs, "parameters": parameters(run.model, run.task)}
        rows.append(
            {
                "stage": "train",
                **shared,
                "steps": run.training.steps,
                "seconds_per_step": step,
                "seconds_per_job": run.training.steps * step + validating,
                "memory_mb": training_memory_mb(run),
            }
        )
        if not experiment.is_compared(name):
            continue
        probed = experiment.prompts.fit + experiment.prompts.evaluation
        rows.append(
            {
                "stage": "probe",
                **shared,
                "steps": probed,
                "seconds_per_step": prediction,
                "seconds_per_job": probed * prediction,
                "memory_mb": probing_memory_mb(run, experiment.probe.chunk_prompts),
            }
        )
    return rows


def solving_rows(experiment: Experiment, device: torch.device) -> list[dict[str, object]]:
    """Return one row for each solver on each task's evaluation prompts."""
    rows: list[dict[str, object]] = []
    settings = experiment.solvers
    for task_name in dict.fromkeys(experiment.task_of(run) for run in experiment.compared):
        task = experiment.task(task_name)
        prompts = sample_prompts(task, MEASURED_PROMPTS, torch_generator(0, "estimate"), device=device)
        system = KernelSystem.of_prompts(task, prompts.x, prompts.y)
        for name in settings.names:
            seconds = timed(partial(solve, name, system, MEASURED_SOLVER_STEPS, settings), device)
            share = experiment.prompts.evaluation / MEASURED_PROMPTS
            per_step = seconds * share / MEASURED_SOLVER_STEPS
            rows.append(
                {
                    "stage": "solve",
                    "run": f"{task_name}: {name}",
                    "jobs": 1,
                    "parameters": 0,
                    "steps": settings.steps,
                    "seconds_per_step": per_step,
                    "seconds_per_job": per_step * settings.steps,
                    "memory_mb": solving_memory_mb(
                        task, experiment.prompts.evaluation, settings.chunk_prompts, settings.steps
                    ),
                }
            )
    return rows


def construction_rows(experiment: Experiment) -> list[dict[str, object]]:
    """Return one row for each ridge of the grid and one for the contraction factors, at measured rates."""
    settings = experiment.constructions
    costs = {f"grid: {name}": grid_cost(settings.verification, name) for name in settings.verification.ridges}
    if costs:  # without a grid, no contraction factors are asked for
        costs["contraction"] = contraction_cost(settings.contraction)
    return [
        {
            "stage": "construct",
            "run": name,
            "jobs": 1,
            "parameters": 0,
            "steps": cost.steps,
            "seconds_per_step": cost.seconds / max(1, cost.steps),
            "seconds_per_job": cost.seconds,
            "memory_mb": PROCESS_MB + cost.memory_mb,
        }
        for name, cost in costs.items()
    ]


def control_rows(experiment: Experiment, device: torch.device) -> list[dict[str, object]]:
    """Return one row for probing each control; a step is a prompt, and only probes are fitted."""
    rows: list[dict[str, object]] = []
    for name, control in experiment.constructions.controls.items():
        run = experiment.run(name)
        dtype = torch.float32 if control.weights == "random" else torch.float64
        model = build_model(run)
        initialise(model, torch_generator(0, "estimate"))
        prediction = measure_prediction(model.to(device, dtype), run, dtype, device)
        fitted = experiment.prompts.fit if control.readout == "fitted" else 0
        steps = fitted + experiment.prompts.evaluation
        rows.append(
            {
                "stage": "control",
                "run": name,
                "jobs": 1,
                "parameters": parameters(run.model, run.task),
                "steps": steps,
                "seconds_per_step": prediction,
                "seconds_per_job": steps * prediction,
                "memory_mb": probing_memory_mb(run, experiment.probe.chunk_prompts),
            }
        )
    return rows


def shape_of(run: RunSettings) -> str:
    """Return all that the speed of a run depends on, as text; runs with the same text are measured once."""
    training = run.training.model_dump_json(
        include={"batch_size", "compile", "optimizer", "precision", "queries_per_prompt"}
    )
    return f"{run.model.model_dump_json()} {run.task.dimension} {run.task.context_length} {training}"


def measure_run(run: RunSettings, device: torch.device) -> tuple[float, float]:
    """Measure how long a run's training step and predictions take.

    Args:
        run: resolved run.
        device: where it will run; on a CPU, products are in float32 whatever the run says.

    Returns:
        Seconds of one training step, and of predicting one prompt at all context lengths.
    """
    share = min(1.0, MEASURED_FLOPS / step_flops(run))
    batch_size = max(1, round(share * run.training.batch_size))
    precision = "float32" if device.type == "cpu" else run.training.precision
    training = run.training.model_copy(update={"batch_size": batch_size, "precision": precision})
    smaller = run.model_copy(update={"training": training})
    model = build_model(smaller)
    initialise(model, torch_generator(0, "estimate"))
    model.to(device)
    optimizer = Optimizer(model, training)
    predict = predictor(training.compile)
    data = TrainingData(smaller, 0, device)
    batch = data.batch(1)
    steps_per_draw = data.steps_per_block if run.model.layout == "interleaved" else 1
    drawing = timed(lambda: TrainingData(smaller, 0, device).batch(1), device) / steps_per_draw

    def gradient() -> None:
        with reduced(training.precision, device):
            prediction = predict(model, batch)
        (prediction.float() - batch.target).square().mean().backward()

    def whole_step() -> None:
        gradient()
        optimizer.step(1)

    with arithmetic(training.precision, device):
        computing = timed(gradient, device)
        updating = max(0.0, timed(whole_step, device) - computing)
    predicting = measure_prediction(model, run, torch.float32, device)
    # The update does not depend on the batch; everything else is proportional to its size.
    scale = run.training.batch_size / batch_size
    return (computing + drawing) * scale + updating, predicting


def measure_prediction(
    model: Transformer, run: RunSettings, dtype: torch.dtype, device: torch.device
) -> float:
    """Return the seconds that predicting one prompt of a run at all context lengths takes."""
    with torch.no_grad():
        prompts = sample_prompts(run.task, MEASURED_PROMPTS, torch_generator(0, "estimate"), dtype, device)
        return timed(lambda: model(prompts.x, prompts.y), device) / MEASURED_PROMPTS


def timed(work: Callable[[], object], device: torch.device) -> float:
    """Return the median seconds of a few repetitions, after a first one that is not counted."""
    seconds = []
    for _ in range(MEASURED_STEPS + 1):
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append(time.perf_counter() - began)
    return sorted(seconds[1:])[MEASURED_STEPS // 2]


def report(table: pd.DataFrame, scale: str, device: str, cores: int) -> str:
    """Return the estimate as text."""
    shown = table.copy()
    shown["total_s"] = shown.jobs * shown.seconds_per_job
    jobs = [
        float(seconds)
        for count, seconds in zip(table.jobs, table.seconds_per_job, strict=True)
        for _ in range(count)
    ]
    lines = [shown.to_string(index=False, float_format=lambda value: f"{value:.4g}"), ""]
    for stage, total in shown.groupby("stage", sort=False).total_s.sum().items():
        lines.append(f"{stage}: {duration(total)} of {device.upper()} time")
    lines += [
        f"whole paper at scale {scale}: {duration(sum(jobs))} of {device.upper()} time, "
        f"{duration(wall_time(jobs, cores))} on {cores} at once; figures, tables and LaTeX not counted",
        f"largest job: {table.memory_mb.max() / 1000:.1f} GB of memory",
    ]
    return "\n".join(lines)


def duration(seconds: float) -> str:
    """Return a duration as text, in seconds, minutes or hours."""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
