"""Table of the identification: how near each family comes to the layers, and how often it explains them.

The families are fitted alike, with one parameter for each block of context lengths, so that solvers and
predictors that do not iterate stand beside each other.
"""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape
from ickrr.report.load import Tables, load_table
from ickrr.report.methods import FAMILIES
from ickrr.report.table import PaperTable

READS_OF_RUNS: Final = ("attribution",)
COLUMNS: Final[dict[str, tuple[str, int]]] = {
    "distance": ("Dist.", 3),
    "survives": ("Alone", 2),
    "named": ("Named", 2),
}
"""Header and decimals of what the table says of a family and a run."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of the identification.

    Args:
        experiment: the resolved experiment, which says the runs of this table.
        tables: the tables ``{run}/attribution.parquet``.

    Returns:
        Rows `run, family, distance, survives, named, layers, seeds`: mean distance over the layers that count
        and the seeds, and the shares of these layers that the family explains alone and that are named after
        it; LaTeX as a `tabular`.

    Raises:
        FileError: a table is missing or damaged.
    """
    runs = experiment.tables["tab_identification"].runs
    attribution = load_table(tables, runs, *READS_OF_RUNS)
    counted = attribution[attribution["counted"].astype(bool)]
    counted = counted.assign(named=counted["named"] == counted["family"])
    each = counted.groupby(["run", "family"], sort=False)
    frame = each[list(COLUMNS)].mean().astype(float)
    frame["layers"] = each["layer"].nunique()
    frame["seeds"] = each["seed"].nunique()
    return PaperTable(frame.reset_index(), _latex(frame, runs))


def _latex(frame: pd.DataFrame, runs: Sequence[str]) -> str:
    records = frame.reset_index().to_dict("records")
    values = {
        (row["run"], row["family"], column): float(row[column]) for row in records for column in COLUMNS
    }
    rows = []
    for family, words in FAMILIES.items():
        cells = [
            f"{values[run, family, column]:.{places}f}"
            for run in runs
            for column, (_, places) in COLUMNS.items()
        ]
        rows.append([words[0].upper() + words[1:], *cells])
    headers = pd.MultiIndex.from_tuples(
        [("", "Family")]
        + [(escape(run.replace("_", " ")), header) for run in runs for header, _ in COLUMNS.values()]
    )
    shown = pd.DataFrame(rows, columns=headers)
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, multicol_align="c", column_format=f"@{{}}l{'rrr' * len(runs)}@{{}}"
    )
    return f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n{latex}}}\n"
