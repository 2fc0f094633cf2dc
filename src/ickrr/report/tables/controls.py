"""Table of the controls of the comparison: built models, which must follow, and a random one."""

from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import fixed, number
from ickrr.report.load import Tables, load_other
from ickrr.report.methods import CONTROLS
from ickrr.report.table import PaperTable

READS: Final = ("construction/controls",)


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of the controls."""
    del experiment
    controls = load_other(tables, *READS)
    rows = [
        [
            CONTROLS[row["kind"]],
            row["readout"],
            str(row["layers"]),
            str(row["step_error"]),
            fixed(row["slope"], 2),
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
