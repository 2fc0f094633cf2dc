"""The card of the trained models, from the settings, the learning curves and the records of the trainings."""

from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from ickrr.config.experiment import Experiment
from ickrr.errors import FileError
from ickrr.model.size import parameters
from ickrr.provenance import Record, Records
from ickrr.release.metadata import version
from ickrr.report.load import load_table

TEMPLATE: Final = Path(__file__).with_name("model_card.md.j2")


def model_card(experiment: Experiment, results: Path) -> str:
    """Return the card as Markdown.

    Args:
        experiment: what was trained.
        results: folder of the results; weights need not be there, their records and learning curves do.

    Raises:
        FileError: a learning curve or a record is missing.
    """
    records = [_record(results, run, seed) for run in experiment.runs for seed in experiment.seeds(run)]
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True)
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        version=version(),
        scale=experiment.scale,
        trainings=len(records),
        rows=[_row(experiment, run, results) for run in experiment.runs],
        origins=_origins(records),
    )


def _row(experiment: Experiment, run: str, results: Path) -> list[str]:
    settings = experiment.run(run)
    task, model, training = settings.task, settings.model, settings.training
    curve = load_table(results / "tables", [run], "learning_curve")
    last = curve.sort_values("step").groupby("seed").tail(1)
    return [
        f"`{run}`",
        f"{task.law}, d = {task.dimension}, {task.kernel} kernel, h = {task.lengthscale:g}",
        f"{task.noise_std:g}",
        str(task.context_length),
        f"{model.layout}, {model.attention}, MLP {model.mlp}; {model.layers} layers of width {model.width}, "
        f"{model.heads} heads",
        f"{parameters(model, task):,}",
        f"{training.steps:,}",
        ", ".join(map(str, experiment.seeds(run))),
        f"{last['excess_risk'].mean():.3g}",
        f"{last['bayes_risk'].mean():.3g}",
    ]


def _record(results: Path, run: str, seed: int) -> Record:
    weights = results / "trained" / run / f"seed{seed}/weights.safetensors"
    record = Records(results).of(weights)
    if record is None:
        raise FileError(f"{weights}: has no record; run snakemake, which trains the model")
    return record


def _origins(records: list[Record]) -> dict[str, list[str]]:
    """Return what the records say of the trainings, each value once."""

    def all_of(*values: str) -> list[str]:
        return sorted(set(values))

    return {
        "days": all_of(*(record["end"][:10] for record in records)),
        "commits": all_of(*(record["commit"] for record in records)),
        "devices": all_of(*(record["device"] for record in records)),
        "processors": all_of(*(record["machine"]["processor"] for record in records)),
        "versions": all_of(*(f"torch {record['versions']['torch']}" for record in records)),
    }
