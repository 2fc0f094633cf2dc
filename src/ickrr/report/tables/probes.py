"""Table of what depends on the probe: the alignment through the default probe and through the chosen one.

A number depends on the probe if it leaves, with the probe that the rule chooses, the interval that it has
with the default one (docs/mechanism.md).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, fixed
from ickrr.report.load import Tables, load_table
from ickrr.report.methods import short_name
from ickrr.report.studies import ALIGNED, effects_of_choice
from ickrr.report.table import PaperTable

NAME: Final = "tab_probes"
READS_OF_RUNS: Final = ("probes", "probe_effects")


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of the probe's effects.

    Args:
        experiment: the resolved experiment, which says the runs of this table and the order of the solvers.
        tables: the tables ``{run}/probes.parquet`` and ``{run}/probe_effects.parquet``.

    Returns:
        Rows `run, solver, statistic, value, low, high, stream, target, chosen_value, leaves`: the default
        probe's value and interval, the chosen probe, its value, and whether this leaves the interval; LaTeX
        as a `tabular`.

    Raises:
        FileError: a table is missing or damaged.
    """
    runs = experiment.tables[NAME].runs
    probes, effects = (load_table(tables, runs, name) for name in READS_OF_RUNS)
    frame = pd.concat([effects_of_choice(probes, effects, run) for run in runs], ignore_index=True)
    return PaperTable(frame, _latex(frame, runs, experiment.solvers.headline))


def _latex(frame: pd.DataFrame, runs: Sequence[str], solvers: Sequence[str]) -> str:
    cells = frame.set_index(["run", "solver", "statistic"]).to_dict("index")
    rows: list[list[str]] = []
    for index, run in enumerate(runs):
        for place, solver in enumerate(solvers):
            name = escape(run.replace("_", " ")) if place == 0 else ""
            found = [_cell(cells[run, solver, statistic], statistic) for statistic in ALIGNED]
            rule = r"\midrule " if index and place == 0 else ""
            rows.append([rule + name, short_name(solver).replace("–", "--"), *found])
    shown = pd.DataFrame(rows, columns=["Inputs", "Solver", *(header for header, _, _ in ALIGNED.values())])
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, column_format=f"@{{}}ll{'l' * len(ALIGNED)}@{{}}"
    )
    return f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{4pt}}\n{latex}}}\n"


def _cell(row: Mapping[Any, Any], statistic: str) -> str:
    """Return both values, with a star where the second leaves the interval of the first."""
    _, factor, places = ALIGNED[statistic]
    first, second = (
        "none" if math.isnan(value) else fixed(factor * value, places)
        for value in (row["value"], row["chosen_value"])
    )
    return rf"{first} $\to$ {second}{'$^*$' if row['leaves'] else ''}"
