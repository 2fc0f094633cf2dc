"""Table of all runs: size, accuracy, and which solver the layers are closest to, and by how much.

Excess risk is that of the last point of the learning curve, mean and standard deviation over seeds. The
closest solver is the one with the smallest mean distance over layers 1..L; it is ahead of the next one by the
paired difference of their distances, whose interval is over prompts and seeds.
"""

import math
from typing import Final

import numpy as np
import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.model.size import parameters
from ickrr.report.formatting import escape, fixed
from ickrr.report.load import Tables, estimate, load_table
from ickrr.report.methods import short_name
from ickrr.report.table import PaperTable
from ickrr.report.verdicts import paired_difference

NAME: Final = "tab_ablations"
READS_OF_RUNS: Final = ("learning_curve", "alignment", "pairs")
CURVE, ALIGNMENT, PAIRS = READS_OF_RUNS
NONE: Final = "{--}"


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of runs.

    Args:
        experiment: the resolved experiment, which says the runs of this table and the solvers compared.
        tables: the tables ``{run}/{learning_curve,alignment,pairs}.parquet``.

    Returns:
        One row a run: `run, parameters, seeds, diverged_seeds, excess_risk, excess_risk_sd, bayes_risk,
        excess_share, floor, closest, distance, runner_up, ahead, ahead_low, ahead_high`. What a diverged seed
        leaves undefined is NaN (empty, for names).

    Raises:
        FileError: a table is missing, or lacks a solver or a pair.
    """
    rows = [_row(experiment, tables, run) for run in experiment.tables[NAME].runs]
    frame = pd.DataFrame(rows)
    shown = pd.DataFrame(
        {
            "Run": [escape(run.replace("_", " ")) for run in frame["run"]],
            "{Weights, k}": [f"{count / 1000:.1f}" for count in frame["parameters"]],
            "{Seeds}": frame["seeds"].astype(str),
            "{Excess risk}": [_decimal(value, 4) for value in frame["excess_risk"]],
            "{SD}": [_decimal(value, 4) for value in frame["excess_risk_sd"]],
            r"{\%}": [_decimal(100 * value, 1) for value in frame["excess_share"]],
            "{Floor}": [_decimal(value, 2) for value in frame["floor"]],
            "Closest solver": [
                short_name(solver).replace("–", "--") if solver else "none" for solver in frame["closest"]
            ],
            "{Dist.}": [_decimal(value, 3) for value in frame["distance"]],
            "{Ahead, $10^{-3}$}": [_decimal(1000 * value, 2) for value in frame["ahead"]],
            "": [
                f"[{_thousandths(low)}, {_thousandths(high)}]"
                if math.isfinite(low) and math.isfinite(high)
                else NONE
                for low, high in zip(frame["ahead_low"], frame["ahead_high"], strict=True)
            ],
        }
    )
    formats = "S[table-format=4.1]S[table-format=1]S[table-format=1.4]S[table-format=1.4]S[table-format=3.1]"
    formats += "S[table-format=1.2]lS[table-format=2.3]S[table-format=-1.2]l"
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, siunitx=False, column_format=f"@{{}}l{formats}@{{}}"
    )
    return PaperTable(frame, f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{2.6pt}}\n{latex}}}\n")


def _row(experiment: Experiment, tables: Tables, run: str) -> dict[str, object]:
    settings = experiment.run(run)
    final = load_table(tables, [run], CURVE).sort_values("step").groupby("seed").tail(1)
    excess, bayes = final["excess_risk"].to_numpy(float), float(final["bayes_risk"].mean())
    row = {
        "run": run,
        "parameters": parameters(settings.model, settings.task),
        "seeds": len(final),
        "diverged_seeds": int(final["diverged"].sum()),
        "excess_risk": float(excess.mean()),
        "excess_risk_sd": float(excess.std(ddof=1)) if len(excess) > 1 else math.nan,
        "bayes_risk": bayes,
        "excess_share": float(excess.mean()) / bayes,
    }
    return row | _closest(experiment, tables, run)


def _closest(experiment: Experiment, tables: Tables, run: str) -> dict[str, object]:
    alignment = load_table(tables, [run], ALIGNMENT)
    solvers = list(experiment.solvers.headline)
    floor = estimate(alignment, solvers[0], "floor").value
    distances = np.array([estimate(alignment, solver, "distance").value for solver in solvers])
    order = [int(index) for index in np.argsort(distances, kind="stable") if np.isfinite(distances[index])]
    found: dict[str, object] = {"floor": floor, "closest": "", "distance": math.nan, "runner_up": ""}
    found |= {"ahead": math.nan, "ahead_low": math.nan, "ahead_high": math.nan}
    if order:
        found |= {"closest": solvers[order[0]], "distance": float(distances[order[0]])}
    if len(order) > 1:
        closest, second = solvers[order[0]], solvers[order[1]]
        ahead = paired_difference(load_table(tables, [run], PAIRS), "distance", second, closest)
        found |= {"runner_up": second, "ahead": ahead.value, "ahead_low": ahead.low, "ahead_high": ahead.high}
    return found


def _thousandths(value: float) -> str:
    return fixed(1000 * value, 2)


def _decimal(value: float, places: int) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else NONE
