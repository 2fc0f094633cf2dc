"""Tables of the hand-built models: the verification grid, its exponents, the controls."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, interval, number, setting_number
from ickrr.report.load import load_other
from ickrr.report.tables.table import PaperTable

STATUS: Final = {"verified": "", "theory only": "too deep to run", "beyond float64": "below rounding"}
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
KINDS: Final = {"built": "ReLU interpolants", "exact": "exact products", "random": "random weights"}


def construction_table(experiment: Experiment, tables: Path) -> PaperTable:
    """Build the table of the verification grid; LaTeX shows every second accuracy and context length.

    Args:
        experiment: not read; every table has the same signature.
        tables: directory of tables.

    Returns:
        All cells; LaTeX as a `tabular`.
    """
    del experiment
    cells = load_other(tables, "construction/cells")
    lengths = np.sort(cells["context_length"].unique())[::2]
    accuracies = np.sort(cells["accuracy"].unique())[::-1][::2]
    rows: list[list[str]] = []
    for index, (_, group) in enumerate(cells.groupby("name", sort=False)):
        part = group[group["context_length"].isin(lengths) & group["accuracy"].isin(accuracies)]
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
        "",
    ]
    shown = pd.DataFrame(rows, columns=columns)
    latex = shown.style.hide(axis="index").to_latex(hrules=True, column_format="@{}lrrrrrrrrl@{}")
    return PaperTable(cells, f"{{\\footnotesize\\setlength{{\\tabcolsep}}{{3.5pt}}\n{latex}}}\n")


def rates_table(experiment: Experiment, tables: Path) -> PaperTable:
    """Build the table of fitted exponents, one column a ridge."""
    del experiment
    cells, rates = load_other(tables, "construction/cells"), load_other(tables, "construction/rates")
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


def controls_table(experiment: Experiment, tables: Path) -> PaperTable:
    """Build the table of the controls."""
    del experiment
    controls = load_other(tables, "construction/controls")
    rows = [
        [
            KINDS[row["kind"]],
            row["readout"],
            str(row["layers"]),
            str(row["step_error"]),
            number(row["slope"], 2),
            number(row["dissimilarity"]),
            number(row["dissimilarity_tolerance"]),
            number(row["distance"]),
            number(row["distance_tolerance"]),
            "yes" if row["follows"] else "no",
        ]
        for row in controls.to_dict("records")
    ]
    columns = [
        "Weights",
        "Readout",
        "Layers",
        r"$|t^*-t|$",
        "Slope",
        r"$1-\mathrm{SimE}$",
        "allowed",
        "Distance",
        "allowed ",  # pandas wants names that differ
        "Follows",
    ]
    shown = pd.DataFrame(rows, columns=columns)
    latex = shown.style.hide(axis="index").to_latex(hrules=True, column_format="@{}llrrrrrrrl@{}")
    return PaperTable(controls, f"{{\\footnotesize\\setlength{{\\tabcolsep}}{{3.5pt}}\n{latex}}}\n")


def ridge_name(scaling: str, value: float) -> str:
    """Name a ridge in LaTeX."""
    return rf"$\lambda={setting_number(value)}{'N' if scaling == 'scaled' else ''}$"


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
        "--" if np.isnan(error) else number(error),
        *smallest,
        escape(STATUS[str(cell["status"])]),
    ]


def _slope(value: float, low: float, high: float) -> str:
    return "--" if np.isnan(value) else f"{number(value, 2)} {interval(low, high, 2)}"
