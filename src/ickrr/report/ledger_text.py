"""The judged claims as text for the terminal: all in one line each, or one with all that decides it."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from ickrr.config.ledger import tables_read
from ickrr.config.messages import no_such
from ickrr.errors import ConfigError
from ickrr.report.judge import Outcome, Verdict, verdict
from ickrr.report.plain import plain
from ickrr.report.tables.claims import describe


def overview(claims: pd.DataFrame) -> Iterator[str]:
    """Yield one line for each claim, and how many there are of each verdict.

    Args:
        claims: table `claims`.
    """
    each = claims[claims["part"] == "rule"].groupby("claim", sort=False)
    width = claims["claim"].str.len().max()
    for name, conditions in each:
        first = conditions.iloc[0]
        if len(conditions) == 1:
            decided = f"{value(first)}, wanted {wanted(first)}"
        else:
            decided = (
                f"{(conditions['outcome'] == 'supported').sum()} of {len(conditions)} conditions supported"
            )
        yield f"{name:<{width}}  {first['verdict']:<13}  {decided}"
    counts = each["verdict"].first().value_counts()
    yield f"{len(each)} claims: {', '.join(f'{count} {word}' for word, count in counts.items())}"


def one_claim(claims: pd.DataFrame, name: str, tables: Path) -> Iterator[str]:
    """Yield what a claim says, its verdict, each condition, and the tables and runs that these rest on.

    Args:
        claims: table `claims`.
        name: id of a claim.
        tables: directory of the tables.

    Raises:
        ConfigError: there is no such claim.
    """
    conditions = claims[claims["claim"] == name]
    if conditions.empty:
        raise ConfigError(f"claims: {no_such('claim', name, list(claims['claim'].unique()))}")
    first = conditions.iloc[0]
    yield f"{name}: {first['verdict']}"
    yield f"  {plain(first['statement'])}"
    yield f"  claimed by {first['source']}, shown by {first['evidence']}"
    rows = [row for _, row in conditions.iterrows()]
    rule = [row["outcome"] for row in rows if row["part"] == "rule"]
    if need := needed(rule, first["verdict"]):
        yield f"  decided by {len(rule)} conditions, of which {need} must hold"
    for row in rows:
        about = row["run"] or f"{row['subject']} {row['setting']}".strip()
        gate = "gate, " if row["part"] == "gate" else ""
        yield f"  {gate}{row['outcome']}: {about}: {plain(describe(row))} ({row['statistic']})"
        yield f"    {value(row)}, wanted {wanted(row)}"
    runs = dict.fromkeys(run for row in rows for run in runs_of(row))
    if runs:
        yield f"  runs: {', '.join(runs)}"
    files = dict.fromkeys(file for row in rows for file in files_of(row, tables))
    yield from (f"  rests on {file}" for file in files)


def needed(outcomes: list[Outcome], found: Verdict) -> str | None:
    """Return how many conditions must hold (all, any), None where both rules give the verdict."""
    rules: tuple[Literal["all", "any"], ...] = ("all", "any")
    fitting = [rule for rule in rules if verdict(outcomes, rule) == found]
    return fitting[0] if len(fitting) == 1 else None


def value(condition: "pd.Series[Any]") -> str:
    """Return the value and its interval; a number without an interval has equal ends."""
    # Adding zero takes the sign of a negative one.
    estimate, low, high = (float(condition[name]) + 0.0 for name in ("value", "low", "high"))
    shown = "undefined" if math.isnan(estimate) else f"{estimate:.4g}"
    if low == estimate == high:
        return shown
    return (
        f"{shown}, no interval" if math.isnan(low) or math.isnan(high) else f"{shown} [{low:.4g}, {high:.4g}]"
    )


def wanted(condition: "pd.Series[Any]") -> str:
    """Return the bound that the whole interval must lie beyond."""
    above, below, margin = (float(condition[name]) for name in ("above", "below", "margin"))
    tie = "" if math.isnan(margin) else f" (a tie within {margin:g})"
    if math.isnan(above):
        return f"below {below:g}{tie}"
    return f"above {above:g}{tie}" if math.isnan(below) else f"between {above:g} and {below:g}"


def runs_of(condition: "pd.Series[Any]") -> list[str]:
    """Return the runs that a condition compares; none where it is about a table of no run."""
    return [run for run in (condition["run"], condition["reference"]) if run]


def files_of(condition: "pd.Series[Any]", tables: Path) -> list[Path]:
    """Return the tables that a condition reads."""
    names = [f"{run}/{table}" for run in runs_of(condition) for table in tables_read(condition["statistic"])]
    return [tables / f"{name}.parquet" for name in [*names, condition["table"]] if name]
