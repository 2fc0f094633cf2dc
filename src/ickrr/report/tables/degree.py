"""Table of the products with the kernel that layers need, and of how well known numbers of them are found."""

import math
from collections.abc import Sequence
from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, fixed, with_interval
from ickrr.report.intervals import Interval
from ickrr.report.load import Tables, load_table
from ickrr.report.statistics.degree_found_share import found
from ickrr.report.statistics.degree_lead import estimate as degree_lead
from ickrr.report.statistics.question import Question
from ickrr.report.table import PaperTable

NAME: Final = "tab_degree"
READS_OF_RUNS: Final = ("degree", "degree_trials")
FIRST: Final = (1, 2, 3, 4)
"""Layers that have a column, beside the last one and the model's own readout."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of needed degrees.

    Args:
        experiment: the resolved experiment, which says the runs of this table.
        tables: the tables ``{run}/{degree,degree_trials}.parquet``.

    Returns:
        Rows `run, layer, degree, fewest, most, seeds, cases, found`: the needed degree of each layer and of
        the model's own readout (layer L + 1), mean over seeds, and the seeds' range; for the whole run how
        many pseudo-layers of known degree there are at each noise, and of how many the degree is found at the
        noise where this is hardest. LaTeX as a `tabular`, which has what is found at each noise.

    Raises:
        FileError: a table is missing or damaged.
    """
    runs = experiment.tables[NAME].runs
    degree, trials = (load_table(tables, runs, table) for table in READS_OF_RUNS)
    each = degree[degree["needed"].astype(bool)].groupby(["run", "layer"], sort=False)["degree"]
    frame = each.agg(degree="mean", fewest="min", most="max", seeds="count").reset_index()
    power = found(trials).groupby([trials["run"], trials["noise"]]).agg(["sum", "size"]).astype(int)
    worst = power.groupby("run").min()  # there are as many cases at each noise
    frame["cases"], frame["found"] = (frame["run"].map(worst[column]) for column in ("size", "sum"))
    leads = [_lead(degree_lead(Question(tables, run, (), experiment.statistics))) for run in runs]
    return PaperTable(frame, _latex(frame, runs, leads, power))


def _lead(lead: Interval) -> str:
    """Return a lead and its interval; with few trainings it has none."""
    return fixed(lead.value, 2) if math.isnan(lead.low) else with_interval(*lead)


def _latex(frame: pd.DataFrame, runs: Sequence[str], leads: Sequence[str], power: pd.DataFrame) -> str:
    noises = sorted(power.index.unique("noise"))
    rows = []
    for run, lead in zip(runs, leads, strict=True):
        needed = frame[frame["run"] == run].set_index("layer")["degree"]  # the own readout is layer L + 1
        last = int(needed.index.max()) - 1
        first = [f"{needed[layer]:.1f}" if layer <= last else "" for layer in FIRST]
        ends = [f"{needed[last]:.1f}", f"{needed[last + 1]:.1f}"]
        found = [f"{power.loc[(run, noise), 'sum']} of {power.loc[(run, noise), 'size']}" for noise in noises]
        rows.append([escape(run.replace("_", " ")), str(last), *first, *ends, lead, *found])
    layers = [*(str(layer) for layer in FIRST), "$L$", "Readout"]
    headers = pd.MultiIndex.from_tuples(
        [("", "Run"), ("", "$L$")]
        + [("Products needed by layer", layer) for layer in layers]
        + [("", "Lead")]
        + [("Known degrees found, by noise", fixed(noise, 2)) for noise in noises]
    )
    shown = pd.DataFrame(rows, columns=headers)
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True,
        multicol_align="c",
        column_format=f"@{{}}lr@{{\\hspace{{10pt}}}}rrrrrr@{{\\hspace{{10pt}}}}l{'r' * len(noises)}@{{}}",
    )
    return f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{4pt}}\n{latex}}}\n"
