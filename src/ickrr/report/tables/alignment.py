"""Table of how well each solver matches the layers, one block a law of the inputs.

Peak SimE and smallest distance are means over layers 1..L; slope, R^2 and Kendall's tau are of the best
step t*(l) over uncensored layers. Brackets hold bootstrap intervals over prompts of the mean over seeds.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, interval
from ickrr.report.load import estimate, load_table
from ickrr.report.methods import SHORT, law_name
from ickrr.report.table import PaperTable

# statistic: header, factor, decimals
COLUMNS: Final[dict[str, tuple[str, float, int]]] = {
    "similarity": ("Peak SimE", 1, 3),
    "distance": ("Distance", 1, 3),
    "slope": ("Slope", 1, 2),
    "r_squared": ("$R^2$", 1, 2),
    "kendall_tau": (r"Kendall $\tau$", 1, 2),
    "censored_share": (r"Censored, \%", 100, 0),
}


def build(experiment: Experiment, results: Path) -> PaperTable:
    """Build the table of alignment statistics.

    Args:
        experiment: the resolved experiment, which says the runs of this table and the order of the solvers.
        results: folder of the results, with ``tables/{run}/alignment.parquet``.

    Returns:
        Tidy rows `law, run, solver, statistic, value, low, high, seed_sd, seeds`; LaTeX as a `tabular`.

    Raises:
        FileError: a table is missing, or lacks a solver or a statistic.
    """
    runs = experiment.tables["tab_alignment"].runs
    solvers = list(experiment.solvers.names)
    alignment = load_table(results / "tables", runs, "alignment")
    laws = {run: experiment.run(run).task.law for run in runs}
    frame = alignment.assign(law=alignment["run"].map(laws))
    frame = frame[["law", "run", "solver", "statistic", "value", "low", "high", "seed_sd", "seeds"]]
    unique = len(set(laws.values())) == len(runs)
    rows: list[list[str]] = []
    for index, run in enumerate(runs):
        label = law_name(laws[run]) if unique else escape(run.replace("_", " "))
        block = _block(alignment[alignment["run"] == run], solvers)
        block[0][0] = (r"\midrule " if index else "") + label
        rows += block
    shown = pd.DataFrame(rows, columns=["Inputs", "Solver", *(header for header, _, _ in COLUMNS.values())])
    formats = "".join(
        f"S[table-format={'3' if places == 0 else f'-1.{places}'}]" for _, _, places in COLUMNS.values()
    )
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, siunitx=True, column_format=f"@{{}}ll{formats}@{{}}"
    )
    return PaperTable(frame, f"{{\\footnotesize\\setlength{{\\tabcolsep}}{{3.5pt}}\n{latex}}}\n")


def _block(alignment: pd.DataFrame, solvers: Sequence[str]) -> list[list[str]]:
    def cells(solver: str, statistic: str) -> tuple[str, str]:
        found = estimate(alignment, solver, statistic)
        _, factor, places = COLUMNS.get(statistic, COLUMNS["similarity"])
        if math.isnan(found.value):
            return "{--}", ""
        if math.isnan(found.low) or math.isnan(found.high):
            return f"{factor * found.value:.{places}f}", "{--}"  # undefined in too many draws
        between = interval(factor * found.low, factor * found.high, places)
        return f"{factor * found.value:.{places}f}", rf"{{\scriptsize {between}}}"

    # The floor is a property of the layers, so it is the same for all solvers.
    floor, between = cells(solvers[0], "floor")
    empty = [""] * (len(COLUMNS) - 1)
    rows = [["", "Zero predictor (floor)", floor, *empty], ["", "", between, *empty]]
    for solver in solvers:
        pairs = [cells(solver, statistic) for statistic in COLUMNS]
        rows.append(["", SHORT[solver].replace("–", "--"), *(value for value, _ in pairs)])
        rows.append(["", "", *(between for _, between in pairs)])
    return rows
