"""Table of how well each solver matches the layers, one block a law of the inputs.

Peak SimE and smallest distance are means over the layers that count; slope, R^2 and Kendall's tau are of the
best step t*(l) over uncensored layers. Brackets hold bootstrap intervals over prompts of the mean over seeds.
The table of the paper shows the headline solvers; the frame has all. Nulls stand beneath the solvers: their
positions on a path are compared as steps are, but say nothing about depth.
Below stand the controls, each beside the one solver that it is compared with: hand-built models, which are
that solver, and random weights, which are none.
Last stand partial coefficients of the runs (docs/identification.md): what preconditioned Richardson and a
rival add to each other, and the share of preconditioned Richardson that is left for that.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.errors import FileError
from ickrr.report.formatting import SMALL, escape, fixed, interval, summary_value
from ickrr.report.load import Tables, estimate, file_of, load_other, load_table, only_row
from ickrr.report.methods import CONTROLS, RANDOM, law_name, short_name
from ickrr.report.studies import ALIGNED, mean_addition
from ickrr.report.table import PaperTable
from ickrr.row_keys import NO_SEED, WHOLE_MODEL

READS_OF_RUNS: Final = ("alignment",)
READS_OF_RUNS_ALONE: Final = ("encompassing",)
READS_OF_CONTROLS: Final = ("construction/controls",)

BARE: Final = frozenset({"kendall_tau", "censored_share"})
"""Columns without intervals, which the frame has."""

OF_NULLS: Final = frozenset({"similarity", "distance"})
"""Columns that mean something of predictors that do not iterate."""

PARTIAL: Final[dict[tuple[str, str, str], str]] = {
    ("addition", "R", "PR"): "PR to R",
    ("addition", "PR", "R"): "R to PR",
    ("addition", "ridge", "PR"): "PR to ridge",
    ("addition", "PR", "ridge"): "Ridge to PR",
    ("left", "R", "PR"): r"Left by R, \%",
    ("left", "ridge", "PR"): r"by ridge, \%",
}
"""Statistic, family, the one that is added to it, and header of each cell of a run's partial coefficients."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of alignment statistics.

    Args:
        experiment: the resolved experiment, which says the runs of this table and the order of the solvers.
        tables: the tables ``{run}/alignment.parquet`` of runs and controls, ``{run}/encompassing.parquet``
            of runs, and ``construction/controls.parquet`` where controls are shown.

    Returns:
        Tidy rows `law, run, solver, statistic, value, low, high, seed_sd, seeds`; in those of the partial
        coefficients the solver is a pair of families, and what is left has no interval. LaTeX as a `tabular`.

    Raises:
        FileError: a table is missing, or lacks a solver, a null, a statistic, a control or a pair.
    """
    settings = experiment.tables["tab_alignment"]
    runs, controls = settings.runs, settings.controls
    solvers = list(experiment.solvers.headline)  # the rows of the others are in the frame
    alignment = load_table(tables, [*runs, *controls], *READS_OF_RUNS)
    laws = {run: experiment.run(run).task.law for run in (*runs, *controls)}
    unique = len({laws[run] for run in runs}) == len(runs)
    labels = {run: law_name(laws[run]) if unique else escape(run.replace("_", " ")) for run in runs}
    rows: list[list[str]] = []
    for index, (run, label) in enumerate(labels.items()):
        block = _block(alignment[alignment["run"] == run], solvers, experiment.solvers.nulls)
        block[0][0] = (r"\midrule " if index else "") + label
        rows += block
    if controls:
        rows += _controls(alignment, controls, load_other(tables, *READS_OF_CONTROLS))
    partial = [row for run in runs for row in _partial(experiment, tables, run)]
    frame = pd.concat([alignment, pd.DataFrame(partial)], ignore_index=True)
    frame = frame.assign(law=frame["run"].map(laws))
    frame = frame[["law", "run", "solver", "statistic", "value", "low", "high", "seed_sd", "seeds"]]
    rows.append([r"\midrule Inputs", "Partial coefficients", *PARTIAL.values()])
    for index, run in enumerate(runs):
        some = partial[len(PARTIAL) * index : len(PARTIAL) * (index + 1)]
        rows.append([(r"\midrule " if index == 0 else "") + labels[run], "", *map(_partial_cell, some)])
    shown = pd.DataFrame(
        rows, columns=["Inputs", "Solver or null", *(header for header, _, _ in ALIGNED.values())]
    )
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, column_format=f"@{{}}ll{'l' * len(ALIGNED)}@{{}}"
    )
    return PaperTable(frame, f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n{latex}}}\n")


def _block(alignment: pd.DataFrame, solvers: Sequence[str], nulls: Sequence[str]) -> list[list[str]]:
    # The floor is a property of the layers, so it is the same for all solvers.
    floor = _cell(alignment, solvers[0], "floor")
    rows = [["", "Zero predictor (floor)", floor, *[""] * (len(ALIGNED) - 1)]]
    rows += [_row(alignment, solver, _short(solver)) for solver in solvers]
    return rows + [_row(alignment, null, f"{_short(null)} (null)", OF_NULLS) for null in nulls]


def _short(method: str) -> str:
    return short_name(method).replace("–", "--")


def _controls(alignment: pd.DataFrame, controls: Sequence[str], judged: pd.DataFrame) -> Iterator[list[str]]:
    rows = {str(row["control"]): row for row in judged.to_dict("records")}
    for index, control in enumerate(controls):
        if control not in rows:
            raise FileError(
                f"tables/construction/controls.parquet: has no row of control '{control}', only of "
                f"{list(rows)}; delete it and run snakemake again"
            )
        kind, readout, solver = (str(rows[control][key]) for key in ("kind", "readout", "solver"))
        name = f"{CONTROLS[kind]}, probed" if kind != RANDOM and readout == "fitted" else CONTROLS[kind]
        name = name[0].upper() + name[1:]
        row = _row(alignment[alignment["run"] == control], solver, name)
        yield [r"\midrule Controls" if index == 0 else "", *row[1:]]


def _row(alignment: pd.DataFrame, solver: str, name: str, shown: Collection[str] = ALIGNED) -> list[str]:
    cells = [_cell(alignment, solver, statistic) if statistic in shown else "" for statistic in ALIGNED]
    return ["", name, *cells]


def _partial(experiment: Experiment, tables: Tables, run: str) -> Iterator[dict[str, object]]:
    """Yield a row of the frame for each of `PARTIAL`: means over the layers that count and over seeds."""
    pairs = load_table(tables, [run], *READS_OF_RUNS_ALONE)
    where = str(file_of(tables, f"{run}/encompassing.parquet"))
    counted = experiment.statistics.counted(experiment.run(run).model.layers)
    of_seeds = pairs[(pairs["seed"] != NO_SEED) & pairs["layer"].between(counted.start + 1, counted.stop)]
    means = pairs[(pairs["seed"] == NO_SEED) & (pairs["layer"] == WHOLE_MODEL)]
    for statistic, family, other in PARTIAL:
        each = of_seeds[(of_seeds["family"] == family) & (of_seeds["other"] == other)].groupby("seed")
        if statistic == "left":
            value, low, high = (
                float(only_row(means, where, family=family, other=other)["left"]),
                math.nan,
                math.nan,
            )
            spread = each["left"].mean().std()
        else:
            value, low, high = mean_addition(pairs, where, family, other)
            spread = each["coefficient"].mean().std()
        yield {
            "run": run,
            "solver": f"{other} beside {family}",
            "statistic": statistic,
            "value": value,
            "low": low,
            "high": high,
            "seed_sd": float(spread),
            "seeds": len(each),
        }


def _partial_cell(row: Mapping[str, Any]) -> str:
    """Return a coefficient and its interval, or a share in percent."""
    if row["statistic"] == "left":
        return fixed(100 * row["value"], 2)
    value, low, high = (fixed(row[name], 2) for name in ("value", "low", "high"))
    return rf"{value} {{\tiny [{low}, {high}]}}"


def _cell(alignment: pd.DataFrame, solver: str, statistic: str) -> str:
    """Return a value and its interval; no interval where it is undefined in too many draws."""
    found = estimate(alignment, solver, statistic)
    _, factor, places = ALIGNED.get(statistic, ALIGNED["similarity"])
    if math.isnan(found.value):
        return "none"
    if found.value and factor * max(abs(found.low), abs(found.high)) < SMALL:
        return summary_value(*(factor * end for end in (found.value, found.low, found.high)))
    value = fixed(factor * found.value, places)
    if math.isnan(found.low) or math.isnan(found.high) or statistic in BARE:
        return value
    return rf"{value} {{\tiny {interval(factor * found.low, factor * found.high, places)}}}"
