"""Plan the whole paper on 1, 8 and 64 GPUs: how long it takes, and what limits it."""

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ickrr.cluster.schedule import Placed, critical_path, makespan, plan, tasks
from ickrr.config.load import SCALES, load_experiment
from ickrr.estimates import step_flops
from ickrr.files import atomic_path

COLOURS = {"train": "#0072B2", "probe": "#E69F00", "solve": "#009E73", "compare": "#999999"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="the default experiment")
    parser.add_argument("--scale", choices=SCALES, default="paper", help="overlay to lay on top (paper)")
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 8, 64], help="numbers of GPUs (1 8 64)")
    parser.add_argument("--output", type=Path, help="draw the schedules there too (PNG)")


def main(arguments: argparse.Namespace) -> None:
    """Print one line a number of GPUs.

    Raises:
        ConfigError: the configuration is wrong.
    """
    experiment = load_experiment(arguments.config, arguments.scale)
    jobs = tasks(experiment)
    plans = {gpus: plan(jobs, gpus) for gpus in arguments.gpus}
    work = sum(job.seconds for job in jobs if job.gpu)
    print(f"{len(jobs)} jobs, {work / 3600:.1f} GPU-hours; estimates, not measurements")
    runs = {name: experiment.run(name) for name in experiment.runs}
    flops = sum(
        len(experiment.seeds(name)) * run.training.steps * step_flops(run) for name, run in runs.items()
    )
    rate = flops / 3600 / 1e12
    print(f"arithmetic of all trainings: {flops:.2g} flop, in one GPU-hour at {rate:.0f} TFLOP/s")
    for gpus, placed in plans.items():
        end = makespan(placed)
        print(f"{gpus:>4} GPUs: {end / 3600:6.2f} h, GPUs busy {100 * work / (gpus * end):3.0f} % of it")
    print(f"longest chain of jobs: {critical_path(jobs) / 3600:.2f} h; no number of GPUs is faster")
    if arguments.output:
        with atomic_path(arguments.output) as temporary:
            _draw(plans).savefig(temporary, format="png", dpi=120, metadata={"Software": None})


def _draw(plans: dict[int, list[Placed]]) -> Figure:
    figure = Figure(figsize=(8, 2.2 * len(plans)), layout="constrained")
    for axes, (gpus, placed) in zip(
        figure.subplots(len(plans), squeeze=False)[:, 0], plans.items(), strict=True
    ):
        for stage, colour in COLOURS.items():
            shown = [entry for entry in placed if entry.task.stage == stage and entry.gpu >= 0]
            axes.barh(
                [entry.gpu for entry in shown],
                [(entry.end - entry.start) / 3600 for entry in shown],
                left=[entry.start / 3600 for entry in shown],
                height=0.9,
                color=colour,
                edgecolor="white",
                linewidth=0.2,
                label=stage if shown else None,
            )
        axes.set(title=f"{gpus} GPU{'s' if gpus > 1 else ''}", xlabel="hours", ylabel="GPU")
        axes.set_ylim(gpus - 0.5, -0.5)
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(), frameon=False, ncols=3, loc="outside upper center"
    )
    return figure
