"""Tidy tables by run and name, ``{run}/{table}.parquet``, columns checked.

A job may read the tables that its rule declares and no others; a person, those of a folder.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from ickrr.errors import FileError
from ickrr.io.files import read_table

PROJECT: Final = Path(__file__).resolve().parents[3]
SUMMARY: Final = ("quantity", "subject", "setting", "value", "low", "high")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "errors": (
        "run",
        "seed",
        "method",
        "step",
        "context_length",
        "mse",
        "mse_se",
        "mse_label",
        "excess_risk",
    ),
    "similarity": ("run", "seed", "solver", "layer", "step", "similarity", "distance"),
    "matches": (
        "run",
        "seed",
        "solver",
        "layer",
        "best_step",
        "best_step_low",
        "best_step_high",
        "censored",
        "similarity",
        "similarity_low",
        "similarity_high",
        "floor",
        "nearest_step",
        "nearest_censored",
        "distance",
        "distance_low",
        "distance_high",
    ),
    "alignment": ("run", "solver", "statistic", "value", "low", "high", "seed_sd", "seeds"),
    "attribution": (
        "run",
        "seed",
        "layer",
        "counted",
        "named",
        "family",
        "survives",
        "distance",
        "shortest",
        "longest",
    ),
    "encompassing": ("run", "seed", "layer", "family", "other", "coefficient", "low", "high", "left"),
    "uneven": ("run", "seed", "layer", "family", "other", "coefficient", "low", "high", "left"),
    "raw_weights": ("run", "seed", "layer", "family", "other", "coefficient", "low", "high", "left"),
    "snapshot_attribution": (
        *("run", "step", "seed", "layer", "counted", "named"),
        *("family", "survives", "distance", "shortest", "longest"),
    ),
    "snapshot_encompassing": (
        *("run", "step", "seed", "layer", "family", "other"),
        *("coefficient", "low", "high", "left"),
    ),
    "trials": (
        *("run", "group", "case", "noise", "allowed", "named", "survivors"),
        *("added_to_r", "added_by_r", "wrong"),
    ),
    "heads": ("run", "seed", "layer", "head", "left", "like_kernel"),
    "replacements": ("run", "seed", "scope", "replacement", "read", "excess_risk"),
    "coefficients": (
        *("run", "seed", "scope", "layer", "replacement", "read"),
        *("family", "other", "coefficient"),
    ),
    "restored": ("run", "scope", "replacement", "value", "low", "high", "seeds"),
    "linearity": ("run", "seed", "layer", "counted", "method", "quantity", "value", "low", "high"),
    "probes": ("run", "seed", "stream", "target", "layer", "excess_risk", "chosen"),
    "probe_effects": ("run", "stream", "target", "solver", "statistic", "layer", "value", "low", "high"),
    "probe_attributions": ("run", "seed", "stream", "target", "layer", "named", "survivors"),
    "probe_additions": (
        *("run", "stream", "target", "seed", "layer", "family", "other"),
        *("coefficient", "low", "high", "left"),
    ),
    "degree": ("run", "seed", "layer", "degree", "distance", "needed"),
    "degree_trials": ("run", "group", "degree", "exact", "noise", "found"),
    "learning_curve": (
        "run",
        "seed",
        "step",
        "loss",
        "excess_risk",
        "bayes_risk",
        "learning_rate",
        "diverged",
    ),
    "construction/cells": (
        "name",
        "scaling",
        "ridge",
        "context_length",
        "accuracy",
        "status",
        "steps",
        "depth",
        "width",
        "contraction",
        "bound",
        "prompts",
        "error",
        "iterate_error",
        "layer_bound",
        "smallest_steps",
        "smallest_width",
        "passed",
    ),
    "construction/layers": (
        "name",
        "context_length",
        "accuracy",
        "layer",
        "step",
        "error",
        "iterate_error",
        "bound",
    ),
    "construction/widths": ("name", "context_length", "accuracy", "width", "error"),
    "construction/rates": ("name", "quantity", "against", "value", "low", "high", "cells"),
    "construction/contraction": (
        "family",
        "kind",
        "lengthscale",
        "scaling",
        "ridge",
        "preconditioner",
        "context_length",
        "prompt",
        "factor",
        "bound",
        "gap_rate",
    ),
    "construction/controls": (
        "control",
        "kind",
        "readout",
        "solver",
        "setup",
        "layers",
        "step_error",
        "dissimilarity",
        "dissimilarity_tolerance",
        "distance",
        "distance_tolerance",
        "slope",
        "follows",
    ),
    "summary": SUMMARY,
    "metarep/cg_curves": (
        "family",
        "measure",
        "method",
        "units",
        "layer",
        "position",
        "value",
        "low",
        "high",
    ),
    "metarep/cg": SUMMARY,
    "metarep/width_curves": (
        "seed",
        "projection",
        "ridge",
        "rank",
        "multiple",
        "effective_dimension",
        "source",
        "error",
        "gap",
    ),
    "metarep/width": SUMMARY,
    "metarep/operators": SUMMARY,
    "metarep/anchor": SUMMARY,
    "metarep/operators_detail": (
        "run",
        "seed",
        "dial",
        "level",
        "layer",
        "head",
        "rows",
        "target",
        "control",
        "bandwidth",
        "best",
        "distance",
    ),
    "metarep/operators_dials": ("run", "dial", "level", "quantity", "value", "low", "high", "seeds"),
    "pairs": (
        "run",
        "statistic",
        "layer",
        "first",
        "second",
        "difference",
        "low",
        "high",
        "draws_defined",
    ),
    "noise": (
        "run",
        "seed",
        "factor",
        "noise_std",
        "context_length",
        "method",
        "mse",
        "mse_label",
        "ratio",
        "ratio_low",
        "ratio_high",
        "ratio_label",
        "ridge",
        "ridge_low",
        "ridge_high",
    ),
    "functions": (
        "run",
        "seed",
        "prompt",
        "context_length",
        "kind",
        "method",
        "step",
        "x",
        "value",
        "sd",
    ),
    "claims": (
        "claim",
        "source",
        "statement",
        "evidence",
        "verdict",
        "condition",
        "run",
        "statistic",
        "part",
        "of",
        "solver",
        "rival",
        "family",
        "beside",
        "scope",
        "replacement",
        "reference",
        "method",
        "factor",
        "table",
        "quantity",
        "subject",
        "setting",
        "above",
        "below",
        "margin",
        "value",
        "low",
        "high",
        "outcome",
    ),
    "shares": ("run", "solver", "statistic", "layers", "best", "share", "lead_share", "low", "high"),
}


Tables = str | Path | Sequence[str] | Sequence[Path]
"""A folder of tables; or the files that a rule declares, of which the names are the ends of the paths."""


def file_of(tables: Tables, name: str) -> Path:
    """Return the file of a table.

    Args:
        tables: a folder of tables, or the files that a rule declares.
        name: path of the table below such a folder, ``{run}/{table}.parquet``.

    Raises:
        FileError: the rule does not declare it.
    """
    if isinstance(tables, str | Path):
        # A notebook that is opened by hand runs in its own folder: then the project's tables are meant.
        return (Path(tables) if Path(tables).exists() else PROJECT / tables) / name
    found = next((Path(path) for path in tables if f"/{path}".endswith(f"/{name}")), None)
    if found is None:
        raise FileError(
            f"{name}: is read, but is none of the inputs that the rule of this job declares; add it to them "
            "(workflow/rules/inputs.smk; for a table of the paper, READS or READS_OF_RUNS of its module)"
        )
    return found


def load_table(tables: Tables, runs: Sequence[str], table: str) -> pd.DataFrame:
    """Read one table of several runs.

    Args:
        tables: see `Tables`.
        runs: names of runs, in the order in which they are wanted.
        table: name of the table, a key of `COLUMNS`.

    Returns:
        The rows of all runs, in the order of `runs`.

    Raises:
        FileError: a table is missing, unreadable, empty, or not the table of its run.
    """
    frames = []
    for run in runs:
        path = file_of(tables, f"{run}/{table}.parquet")
        frame = checked_table(path, table)
        found = frame["run"].unique().tolist()
        if found != [run]:
            raise FileError(
                f"{path}: column 'run' holds {found}, expected ['{run}']; delete it and run snakemake again"
            )
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def load_other(tables: Tables, table: str) -> pd.DataFrame:
    """Read one table that belongs to no run.

    Args:
        tables: see `Tables`.
        table: its path below it, a key of `COLUMNS`.

    Raises:
        FileError: the table is missing, unreadable, empty, or lacks a column.
    """
    return checked_table(file_of(tables, f"{table}.parquet"), table)


def load_summary(tables: Tables, table: str) -> pd.DataFrame:
    """Read one table that holds one number a row, by `quantity`, `subject` and `setting`.

    Args:
        tables: see `Tables`.
        table: its path below it.

    Raises:
        FileError: the table is missing, unreadable, empty, or lacks a column.
    """
    return checked_table(file_of(tables, f"{table}.parquet"), "summary")


def only_row(
    rows: pd.DataFrame, where: str, advice: str = "delete it and run snakemake again", **wanted: object
) -> "pd.Series[Any]":
    """Return the one row that has some values.

    Args:
        rows: the table.
        where: what the message calls the table.
        advice: what the message says to do.
        wanted: value by column.

    Raises:
        FileError: there is no such row, or there are several.
    """
    asked_for = np.ones(len(rows), dtype=bool)
    for column, value in wanted.items():
        asked_for &= (rows[column] == value).to_numpy()
    found = np.flatnonzero(asked_for)
    if len(found) != 1:
        asked = ", ".join(f"{column} {value!r}" for column, value in wanted.items())
        listed = " and ".join(asked.rsplit(", ", 1))
        raise FileError(f"{where}: has {len(found)} rows of {listed}, expected 1; {advice}")
    row: pd.Series[Any] = rows.iloc[found[0]]
    return row


class Estimate(NamedTuple):
    """One statistic of one solver: seed mean, its bootstrap interval over prompts, spread over seeds."""

    value: float
    low: float
    high: float
    seed_sd: float


def estimate(alignment: pd.DataFrame, solver: str, statistic: str) -> Estimate:
    """Look up one statistic in one run's table `alignment`.

    Raises:
        FileError: the table has no such row, or several.
    """
    where = f"tables/{alignment['run'].iloc[0]}/alignment.parquet"
    found = only_row(alignment, where, solver=solver, statistic=statistic)
    return Estimate(*(float(found[name]) for name in Estimate._fields))


class SummaryRow(NamedTuple):
    """One number of a summary table, with its interval; a supremum has none, low = high = value."""

    value: float
    low: float
    high: float


def summary_row(summary: pd.DataFrame, quantity: str, subject: str, setting: str) -> SummaryRow:
    """Look up one row of a summary table.

    Raises:
        FileError: the table has no such row, or several.
    """
    advice = "delete the tables below tables/metarep and run snakemake again"
    found = only_row(summary, "a summary table", advice, quantity=quantity, subject=subject, setting=setting)
    return SummaryRow(*(float(found[name]) for name in SummaryRow._fields))


def checked_table(path: str | Path, table: str) -> pd.DataFrame:
    """Read one table and check that its columns are there and that it has rows.

    Raises:
        FileError: it is missing, unreadable, empty, or lacks a column.
    """
    frame = read_table(path)
    missing = [column for column in COLUMNS[table] if column not in frame.columns]
    if missing:
        raise FileError(
            f"{path}: lacks the column '{missing[0]}' of the table '{table}' (found "
            f"{list(frame.columns)}); it was written by other code: delete it and run snakemake again"
        )
    if frame.empty:
        raise FileError(f"{path}: has no rows; delete it and run snakemake again")
    return frame
