"""Table of what the layers of each run are named, and what the two Richardsons add to each other.

Shares are of the layers that count, over all seeds. Coefficients are means over these layers and seeds, on
all prompts and on those with the most uneven row sums; intervals are over seeds and prompts.
"""

from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, fixed, interval
from ickrr.report.load import Tables, file_of, load_table
from ickrr.report.statistics.closed_form_share import CLOSED_FORMS
from ickrr.report.studies import mean_addition
from ickrr.report.table import PaperTable

NAME: Final = "tab_described"
READS_OF_RUNS: Final = ("attribution", "encompassing", "uneven")
ATTRIBUTION, ENCOMPASSING, UNEVEN = READS_OF_RUNS
SHARES: Final[dict[str, str]] = {
    "named": "Named",
    "none": "None",
    "pr": "PR",
    "r": "R",
    "closed_form": "Closed",
}
"""Header of each share."""
ADDED: Final[dict[str, tuple[str, str, str, str]]] = {
    "pr_to_r": (ENCOMPASSING, "R", "PR", "PR to R"),
    "r_to_pr": (ENCOMPASSING, "PR", "R", "R to PR"),
    "uneven_pr_to_r": (UNEVEN, "R", "PR", "PR to R, uneven"),
    "uneven_r_to_pr": (UNEVEN, "PR", "R", "R to PR, uneven"),
}
"""Table, family, the one that is added, and header of each coefficient."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of described runs.

    Args:
        experiment: the resolved experiment, which says the runs of this table.
        tables: the tables ``{run}/{attribution,encompassing,uneven}.parquet``.

    Returns:
        One row a run: `run, seeds, layers`, the shares `named, none, pr, r, closed_form`, and each of the
        coefficients `pr_to_r, r_to_pr, uneven_pr_to_r, uneven_r_to_pr` with its ends `_low` and `_high`;
        LaTeX as a `tabular`.

    Raises:
        FileError: a table is missing or damaged, or lacks a pair.
    """
    frame = pd.DataFrame([_row(tables, run) for run in experiment.tables[NAME].runs])
    shown = pd.DataFrame(
        {"Run": [escape(run.replace("_", " ")) for run in frame["run"]], "Layers": frame["layers"]}
        | {header: [f"{value:.2f}" for value in frame[name]] for name, header in SHARES.items()}
        | {header: [_cell(row, name) for _, row in frame.iterrows()] for name, (*_, header) in ADDED.items()}
    )
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, column_format=f"@{{}}l{'r' * (1 + len(SHARES))}{'l' * len(ADDED)}@{{}}"
    )
    return PaperTable(frame, f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n{latex}}}\n")


def _row(tables: Tables, run: str) -> dict[str, object]:
    found = {table: load_table(tables, [run], table) for table in READS_OF_RUNS}
    counted = found[ATTRIBUTION][found[ATTRIBUTION]["counted"].astype(bool)]
    survives = counted.set_index(["seed", "layer", "family"])["survives"].astype(bool).unstack()  # by family
    names = counted.drop_duplicates(["seed", "layer"])["named"]
    row: dict[str, object] = {
        "run": run,
        "seeds": counted["seed"].nunique(),
        "layers": len(names),
        "named": float(names.isin(survives.columns).mean()),
        "none": float((names == "none").mean()),
        "pr": float(survives["PR"].mean()),
        "r": float(survives["R"].mean()),
        "closed_form": float(survives[list(CLOSED_FORMS)].any(axis=1).mean()),
    }
    for name, (table, family, other, _) in ADDED.items():
        where = str(file_of(tables, f"{run}/{table}.parquet"))
        value, low, high = mean_addition(found[table], where, family, other)
        row |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return row


def _cell(row: "pd.Series[float]", name: str) -> str:
    """Return a coefficient and its interval."""
    between = interval(row[f"{name}_low"], row[f"{name}_high"], 2)
    return rf"{fixed(row[name], 2)} {{\tiny {between}}}"
