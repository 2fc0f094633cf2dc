"""Table of the exponents of depth and width of the hand-built models, one column a ridge."""

from typing import Final

import numpy as np
import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import interval, number, ridge_name
from ickrr.report.load import Tables, load_other
from ickrr.report.table import PaperTable

READS: Final = ("construction/cells", "construction/rates")
QUANTITIES: Final = {
    "steps": "steps, theory",
    "smallest_steps": "steps, smallest",
    "width": "width, theory",
    "smallest_width": "width, smallest",
}
AGAINST: Final = {
    "log(1/eps)": r"$\log(1/\varepsilon)$",
    "1/eps": r"$1/\varepsilon$",
    "N": "$N$",
    "e-folds": r"$\log(1/\varepsilon)$, linear",
}


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of fitted exponents, one column a ridge."""
    del experiment
    cells, rates = (load_other(tables, name) for name in READS)
    names = list(rates["name"].unique())
    labels = {
        name: ridge_name(*cells.loc[cells["name"] == name, ["scaling", "ridge"]].iloc[0]) for name in names
    }
    rows = []
    for quantity, shown_quantity in QUANTITIES.items():
        for against in AGAINST:
            part = rates[(rates["quantity"] == quantity) & (rates["against"] == against)]
            if part.empty:
                continue
            by_name = part.set_index("name")
            values = [
                _slope(*by_name.loc[name, ["value", "low", "high"]].to_numpy(float))
                if name in by_name.index
                else "--"
                for name in names
            ]
            rows.append([shown_quantity, AGAINST[against], *values])
    frame = pd.DataFrame(rows, columns=["Quantity", "Against", *labels.values()])
    latex = frame.style.hide(axis="index").to_latex(
        hrules=True, column_format=f"@{{}}ll{'r' * len(names)}@{{}}"
    )
    return PaperTable(rates, f"{{\\footnotesize\n{latex}}}\n")


def _slope(value: float, low: float, high: float) -> str:
    return "--" if np.isnan(value) else f"{number(value, 2)} {interval(low, high, 2)}"
