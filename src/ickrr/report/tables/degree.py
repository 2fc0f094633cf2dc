"""Table of the products with the kernel that layers need, beside the number of blocks before them."""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, with_interval
from ickrr.report.load import Tables, load_table
from ickrr.report.statistics.degree_lead import estimate as degree_lead
from ickrr.report.statistics.question import Question
from ickrr.report.table import PaperTable

NAME: Final = "tab_degree"
READS_OF_RUNS: Final = ("degree",)
FIRST: Final = (1, 2, 3, 4)
"""Layers that have a column, beside the last one and the model's own readout."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of needed degrees.

    Args:
        experiment: the resolved experiment, which says the runs of this table.
        tables: the tables ``{run}/degree.parquet``.

    Returns:
        Rows `run, layer, degree, fewest, most, seeds`: the needed degree of each layer and of the model's own
        readout (layer L + 1), mean over seeds, and the seeds' range; LaTeX as a `tabular`.

    Raises:
        FileError: a table is missing or damaged.
    """
    runs = experiment.tables[NAME].runs
    degree = load_table(tables, runs, *READS_OF_RUNS)
    each = degree[degree["needed"].astype(bool)].groupby(["run", "layer"], sort=False)["degree"]
    frame = each.agg(degree="mean", fewest="min", most="max", seeds="count").reset_index()
    leads = []
    for run in runs:
        lead = degree_lead(Question(tables, run, (), experiment.statistics))
        leads.append(with_interval(*lead))
    return PaperTable(frame, _latex(frame, runs, leads))


def _latex(frame: pd.DataFrame, runs: Sequence[str], leads: Sequence[str]) -> str:
    rows = []
    for run, lead in zip(runs, leads, strict=True):
        needed = frame[frame["run"] == run].set_index("layer")["degree"]  # the own readout is layer L + 1
        last = int(needed.index.max()) - 1
        first = [f"{needed[layer]:.1f}" if layer <= last else "" for layer in FIRST]
        ends = [f"{needed[last]:.1f}", f"{needed[last + 1]:.1f}"]
        rows.append([escape(run.replace("_", " ")), str(last), *first, *ends, lead])
    headers = ["Run", "$L$", *(f"Layer {layer}" for layer in FIRST), "Layer $L$", "Readout", "Lead"]
    shown = pd.DataFrame(rows, columns=headers)
    latex = shown.style.hide(axis="index").to_latex(hrules=True, column_format="@{}lrrrrrrrl@{}")
    return f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{4pt}}\n{latex}}}\n"
