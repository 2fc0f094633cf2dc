"""Table of the runs: the problem of each, its size, its seeds, and what it is for."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, setting_number
from ickrr.report.table import PaperTable

NAME: Final = "tab_runs"
READS_OF_RUNS: Final = ()  # it shows their settings


def build(experiment: Experiment, tables: Sequence[Path]) -> PaperTable:
    r"""Build the table of runs.

    Args:
        experiment: the resolved experiment, which says the runs of this table.
        tables: not read; every table has the same signature.

    Returns:
        One row for each run: `run, law, dimension, lengthscale, noise_std,
        layers, width, heads, seeds` (their number), `purpose`. Its LaTeX uses ``\lengthscale`` of the paper.
    """
    del tables
    frame = pd.DataFrame([_row(experiment, run) for run in experiment.tables[NAME].runs])
    names = {
        "law": "Inputs",
        "dimension": "$d$",
        "lengthscale": r"$\lengthscale$",
        "noise_std": r"$\sigma$",
        "layers": "$L$",
        "width": "Width",
        "heads": "Heads",
        "seeds": "Seeds",
        "purpose": "What it is for",
    }
    shown = pd.DataFrame({"Run": [rf"\texttt{{{escape(run)}}}" for run in frame["run"]]})
    for column, name in names.items():
        shown[name] = [
            escape(value) if isinstance(value, str) else setting_number(value) for value in frame[column]
        ]
    latex = shown.style.hide(axis="index").to_latex(hrules=True, column_format="@{}llrrrrrrrl@{}")
    return PaperTable(frame, latex)


def _row(experiment: Experiment, run: str) -> dict[str, object]:
    settings = experiment.run(run)
    task, model = settings.task, settings.model
    return {
        "run": run,
        "law": task.law,
        "dimension": task.dimension,
        "lengthscale": task.lengthscale,
        "noise_std": task.noise_std,
        "layers": model.layers,
        "width": model.width,
        "heads": model.heads,
        "seeds": len(experiment.seeds(run)),
        "purpose": experiment.runs[run].purpose,
    }
