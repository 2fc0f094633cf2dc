"""A comparison as sections of plain tables, which the terminal and the HTML page both show."""

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ickrr.differences.compare import Differences
from ickrr.differences.observations import COEFFICIENT, OF_MODEL, RISK, STEP
from ickrr.entries import SOLVERS
from ickrr.report.methods import short_name
from ickrr.wording import counted

NONE: Final = "–"
WORDS: Final = {
    "similarity": "SimE",
    "distance": "distance",
    "slope": "slope",
    "r_squared": "R²",
    "kendall_tau": "Kendall's tau",
    "censored_share": "censored share",
}


@dataclass(frozen=True)
class Section:
    """One part of a comparison.

    Attributes:
        title: what it is about.
        said: one sentence: how much differs.
        header: titles of the columns of its table.
        rows: its table, empty if nothing is to be shown.
    """

    title: str
    said: str
    header: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def sections(found: Differences, everything: bool) -> list[Section]:
    """Return a comparison as sections.

    Args:
        found: the comparison.
        everything: show also what does not differ.
    """

    def of(*quantities: str) -> pd.DataFrame:
        return found.numbers[found.numbers["quantity"].isin(quantities)]

    return [
        _results(found),
        _settings(found),
        _numbers("Final excess risk", "B / A", of(RISK), found, everything),
        _steps("Best step of each layer", of(STEP), everything),
        _numbers("Alignment", "B - A", of(*OF_MODEL), found, everything),
        _numbers("Encompassing coefficients", "B - A", of(COEFFICIENT), found, everything),
        _claims(found),
    ]


def _results(found: Differences) -> Section:
    rows = [("A", found.first), ("B", found.second), ("runs of both", ", ".join(found.runs))]
    rows += [("only A has", ", ".join(found.only_first))] if found.only_first else []
    rows += [("only B has", ", ".join(found.only_second))] if found.only_second else []
    rows += [("other prompts", ", ".join(found.other_prompts))] if found.other_prompts else []
    same = "on the same prompts" if not found.other_prompts else "not all on the same prompts"
    return Section("Results", f"{counted(len(found.runs), 'run')} on both sides, {same}.", ("", ""), rows)


def _settings(found: Differences) -> Section:
    code = f" Other code ran in: {', '.join(found.code)}." if found.code else ""
    if found.settings is None:
        return Section("Settings", f"The settings of a side are not recorded.{code}")
    rows = [(one.key, _setting(one.first), _setting(one.second)) for one in found.settings]
    return Section(
        "Settings", f"{counted(len(rows), 'key')} with another value.{code}", ("key", "A", "B"), rows
    )


def _numbers(title: str, change: str, numbers: pd.DataFrame, found: Differences, everything: bool) -> Section:
    shown = numbers if everything else numbers[numbers["differs"]]
    header = ("run", "of", "layer", "A", "B", f"{change} [{found.confidence:.0%}]", "interval")
    rows = [
        (
            str(row["run"]),
            _about(row),
            str(row["layer"] or ""),
            _number(row["first"]),
            _number(row["second"]),
            _change(row),
            _kind(row),
        )
        for _, row in shown.iterrows()
    ]
    return Section(title, _said(numbers), *_without_empty(header, rows))


def _steps(title: str, numbers: pd.DataFrame, everything: bool) -> Section:
    """Best steps of all layers of a run and a solver in one row."""
    rows = []
    for (run, solver), layers in numbers.groupby(["run", "subject"], sort=False):
        moved = layers[layers["differs"]]
        if everything or len(moved):
            told = "; ".join(f"{row['layer']}: {_change(row)}" for _, row in moved.iterrows())
            steps = [" ".join(map(_number, layers[side])) for side in ("first", "second")]
            rows.append((str(run), _solver(str(solver)), *steps, told))
    header = ("run", "of", "A, layer by layer", "B", "layers that differ, B - A")
    return Section(title, _said(numbers), header, rows)


def _claims(found: Differences) -> Section:
    if found.claims is None:
        return Section("Claims", "A side has not judged the claims.")
    rows = [
        (flip.claim, flip.first or NONE, flip.second or NONE, "; ".join(flip.because)) for flip in found.flips
    ]
    said = f"{len(rows)} with another verdict; {counted(found.claims, 'claim')} on both sides."
    return Section("Claims", said, ("claim", "A", "B", "because"), rows)


def _said(numbers: pd.DataFrame) -> str:
    if numbers.empty:
        return "Not on both sides."
    return f"{int(numbers['differs'].sum())} of {counted(len(numbers), 'number')} with a difference."


def _about(row: "pd.Series[Any]") -> str:
    quantity, subject = str(row["quantity"]), str(row["subject"])
    return ", ".join(filter(None, (WORDS.get(quantity, ""), _solver(subject))))


def _solver(name: str) -> str:
    return short_name(name) if name in SOLVERS else name


def _kind(row: "pd.Series[Any]") -> str:
    if math.isnan(row["low"]):
        return "none"
    return "paired" if row["paired"] else "independent"


def _change(row: "pd.Series[Any]") -> str:
    if math.isnan(row["low"]):
        return _number(row["change"])
    return f"{_number(row['change'])} [{_number(row['low'])}, {_number(row['high'])}]"


def _number(value: float) -> str:
    return NONE if math.isnan(value) else f"{value + 0.0:.4g}"


def _setting(value: Any) -> str:
    return NONE if value is None else json.dumps(value)


def _without_empty(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Leave out the columns in which no row says anything."""
    kept = [index for index in range(len(header)) if any(row[index] for row in rows)]
    return [header[index] for index in kept], [[row[index] for index in kept] for row in rows]


def as_text(found: Sequence[Section]) -> Iterator[str]:
    """Yield the lines of some sections for a terminal."""
    for section in found:
        yield f"{section.title}: {section.said}"
        header = [section.header] if any(section.header) else []
        table = [*header, *section.rows] if section.rows else []
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        for row in table:
            line = "  ".join(f"{cell:<{size}}" for cell, size in zip(row, widths, strict=True))
            yield f"  {line}".rstrip()
        yield ""
