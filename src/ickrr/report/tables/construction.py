"""Table of the verification grid of the hand-built models."""

from collections.abc import Hashable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import number, ridge_name, setting_number
from ickrr.report.load import Tables, load_other
from ickrr.report.table import PaperTable

READS: Final = ("construction/cells",)
RUN: Final = "verified"
"""What stands in the column `status` of a model that was run."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of the verification grid.

    LaTeX shows the models that were run, at every second accuracy and context length.

    Args:
        experiment: not read; every table has the same signature.
        tables: the table ``construction/cells.parquet``.

    Returns:
        All cells; LaTeX as a `tabular`.
    """
    del experiment
    cells = load_other(tables, *READS)
    lengths = np.sort(cells["context_length"].unique())[::2]
    accuracies = np.sort(cells["accuracy"].unique())[::-1][::2]
    rows: list[list[str]] = []
    for index, (_, group) in enumerate(cells.groupby("name", sort=False)):
        part = group[group["context_length"].isin(lengths) & group["accuracy"].isin(accuracies)]
        part = part[part["status"] == RUN]
        for position, cell in enumerate(part.to_dict("records")):
            first = ridge_name(cell["scaling"], cell["ridge"]) if position == 0 else ""
            rule = r"\midrule " if position == 0 and index else ""
            rows.append([rule + first, *_cell(cell)])
    columns = [
        "Ridge",
        "$N$",
        r"$\varepsilon$",
        "Steps",
        "Width",
        "Bound",
        "Error",
        "Fewest steps",
        "Least width",
    ]
    shown = pd.DataFrame(rows, columns=columns)
    latex = shown.style.hide(axis="index").to_latex(hrules=True, column_format="@{}lrrrrrrrr@{}")
    return PaperTable(cells, f"{{\\footnotesize\\setlength{{\\tabcolsep}}{{3.5pt}}\n{latex}}}\n")


def _cell(cell: Mapping[Hashable, object]) -> list[str]:
    accuracy, bound, error = (float(str(cell[key])) for key in ("accuracy", "bound", "error"))
    smallest = [
        str(cell[key]) if int(str(cell[key])) > 0 else "--" for key in ("smallest_steps", "smallest_width")
    ]
    return [
        str(cell["context_length"]),
        setting_number(accuracy),
        str(cell["steps"]),
        str(cell["width"]),
        number(bound),
        number(error),
        *smallest,
    ]
