r"""From a number that the paper prints back to where it comes from.

Numbers of the text are macros, whose sentences are in the paper's sources; numbers of tables are cells. Which
row of the tidy tables holds a macro's number is found by value, and among equal values by the macro's name,
which spells the row's keys: ``\SphericalRichardsonDistance`` is run spherical, solver richardson, statistic
distance.
"""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd

from ickrr.errors import ConfigError, FileError
from ickrr.io.files import files_below, read_table
from ickrr.report.formatting import camel_case
from ickrr.report.plain import Number, numbers, only_number, plain

MACRO: Final = re.compile(r"^\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}$", re.MULTILINE)
COMMENT: Final = re.compile(r"(?<!\\)%.*")
# Where a sentence of the sources ends, or a row of a table.
BOUNDARY: Final = re.compile(
    r"(?<=[.!?])\s+(?=[A-Z\\$])|\n\s*\n|\\\\|\\(?:begin|end|caption|paragraph|(?:sub)*section|longcaption)\b\S*"
)
AROUND: Final = 90  # characters of a sentence on both sides of the number
SHOWN: Final = 5  # of a long list
MOST: Final = 20  # macros whose sentences and rows are told
LEAST_ROUNDED: Final = (
    100  # three significant digits (`ickrr.report.formatting`): from here on none are decimals
)
NAMED: Final = 0.6  # share of a macro's name that the keys of its row spell at least
KEY_LENGTH: Final = 40  # longer cells are text


class Row(NamedTuple):
    """A row of a tidy table that holds a number, in one column or more."""

    file: Path
    keys: dict[str, Any]
    columns: list[str]
    value: float

    def __str__(self) -> str:
        keys = ", ".join(f"{key} {value}" for key, value in self.keys.items())
        return f"{self.file}: {keys}: {' = '.join(self.columns)} = {self.value!r}"


def where_printed(asked: str, results: Path, paper: Path) -> list[str]:
    """Say where the paper prints a number, and what holds it.

    Args:
        asked: the number as it is printed, see `ickrr.report.plain`; a percentage also finds the share.
        results: folder of the results.
        paper: folder of the paper's sources.

    Returns:
        Lines for people.

    Raises:
        ConfigError: it is no number, or the paper does not print it.
        FileError: results are missing.
    """
    wanted = _asked(asked)
    macros = dict(_macros(results / "latex"))
    found = {name: hits for name, text in macros.items() if (hits := _hits(plain(text), wanted))}
    cells = list(_cells(results, wanted))
    if not found and not cells:
        raise ConfigError(
            f"--number {asked}: neither a macro nor a table of {results}/latex prints it"
            f"{_nearest(macros, wanted)}"
        )
    return [*_macro_lines(found, macros, results, paper), *cells]


def _asked(asked: str) -> set[Decimal]:
    number = only_number(asked.strip().rstrip("%\\, "))
    if number is None:
        raise ConfigError(
            f"--number {asked}: is not one number; write it as it is printed, for example 0.98249, 98.2 %, "
            r"1,024, 3.1e-4 or '3.1\times10^{-4}'"
        )
    return {number.value, number.value / 100} if "%" in asked else {number.value}


def _hits(text: str, wanted: Collection[Decimal]) -> list[Number]:
    return [number for number in numbers(text) if number.value in wanted]


def _nearest(macros: dict[str, str], wanted: Collection[Decimal]) -> str:
    printed = {number.value for text in macros.values() for number in numbers(plain(text))}
    near = sorted(printed, key=lambda value: min(abs(value - one) for one in wanted))[:3]
    return f"; nearest are {', '.join(map(str, near))}" if near else ""


def _macros(latex: Path) -> Iterator[tuple[str, str]]:
    for name in ("numbers.tex", "provenance.tex"):
        yield from MACRO.findall(_read(latex / name))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such file; run snakemake to make it") from error


def _macro_lines(
    found: dict[str, list[Number]], macros: dict[str, str], results: Path, paper: Path
) -> Iterator[str]:
    used = _uses(found, macros, paper)
    tables = {path: read_table(path) for path in _tidy_tables(results)} if used else {}
    shown = list(used)[:MOST]
    for name in shown:
        yield f"\\{name} = {plain(macros[name])}"
        yield from (f"  {sentence}" for sentence in used[name])
        yield from _rows_of(name, found[name], tables)
    yield from _others("further macros of the text with this number", list(used)[MOST:])
    yield from _others(
        "macros with this number that the text does not use", [one for one in found if one not in used]
    )


def _others(what: str, names: list[str]) -> Iterator[str]:
    if names:
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        shown = ", ".join(f"\\{name}" for name in names[:SHOWN])
        yield f"{what}: {shown}{more}"


def _uses(names: Collection[str], macros: dict[str, str], paper: Path) -> dict[str, list[str]]:
    """Where the sources use macros: file, line and sentence."""
    used: dict[str, list[str]] = {}
    for path in files_below(paper, {".tex"}):
        text = COMMENT.sub("", _read(path))
        for match in re.finditer(r"\\([A-Za-z]+)", text):
            if match[1] in names:
                line = text.count("\n", 0, match.start()) + 1
                sentence = _sentence(text, match, macros)
                used.setdefault(match[1], []).append(f"{path}:{line}: {sentence}")
    return used


def _sentence(text: str, match: re.Match[str], macros: dict[str, str]) -> str:
    """The sentence around a macro with its numbers, cut on both sides where it is long."""
    before = [end.end() for end in BOUNDARY.finditer(text, 0, match.start())]
    after = BOUNDARY.search(text, match.end())
    start, end = before[-1] if before else 0, after.start() if after else len(text)

    def filled(side: str) -> str:
        return plain(re.sub(r"\\([A-Za-z]+)", lambda one: macros.get(one[1], one[0]), side))

    left, right = filled(text[start : match.start()]), filled(text[match.end() : end])
    left = f"..{left[-AROUND:].partition(' ')[2]}" if len(left) > AROUND else left
    right = f"{right[:AROUND].rpartition(' ')[0]}.." if len(right) > AROUND else right
    return f"{left} >{plain(macros[match[1]])}< {right}".strip()


def _tidy_tables(results: Path) -> list[Path]:
    """Tables that macros are made from: neither those of the paper nor the judged claims."""
    tables = results / "tables"
    shown = {tables / "claims.parquet", *tables.glob("tab_*.parquet")}
    return [path for path in files_below(tables, {".parquet"}) if path not in shown]


def _rows_of(name: str, hits: list[Number], tables: dict[Path, pd.DataFrame]) -> list[str]:
    """The rows that hold a macro's number and whose keys its name spells best."""
    named = {path: _named(name, table) for path, table in tables.items()}
    rows = [row for path, table in named.items() for hit in hits for row in _rows(path, table, hit)]
    spelled = [(_spelled(name, row), row) for row in rows]
    best = max((share for share, _ in spelled), default=0)
    if best < NAMED:
        return ["  no single row holds it: a setting, or computed from several rows (rule write_numbers)"]
    return _cut([f"  {row}" for share, row in spelled if share == best])


def _named(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table that have a key which a macro's name spells; of its run, where they are of one."""
    texts = table[["run"]] if "run" in table else table.select_dtypes(exclude=["number", "bool"])
    words = {text: camel_case(str(text)) for column in texts for text in texts[column].unique()}
    spelled = {text for text, word in words.items() if word and word in name}
    return table[texts.isin(spelled).any(axis="columns")]


def _rows(path: Path, table: pd.DataFrame, number: Number) -> Iterator[Row]:
    value, half = float(number.value), 0.5 * float(number.unit) * (1 + 1e-9)
    if number.unit >= 1 and abs(value) < LEAST_ROUNDED:
        half = 1e-9  # what is printed without decimals is a whole number
    held = table.select_dtypes("number").astype(float)
    # Shares are printed as percentages in some places.
    near = ((held - value).abs() <= half) | ((100 * held - value).abs() <= half)
    for index in np.flatnonzero(near.any(axis="columns")):
        columns = [str(column) for column in held.columns[near.iloc[index]]]
        cells = table.iloc[index].to_dict()
        keys = {str(key): cell for key, cell in cells.items() if _is_key(cell) and key not in columns}
        yield Row(path, keys, columns, float(held.iloc[index][columns[0]]))


def _is_key(cell: Any) -> bool:
    if isinstance(cell, str):
        return 0 < len(cell) <= KEY_LENGTH
    return isinstance(cell, int | np.integer) and not isinstance(cell, bool)


def _spelled(name: str, row: Row) -> float:
    """How much of a macro's name the keys, the column and the table of a row spell."""
    texts = [value for value in row.keys.values() if isinstance(value, str)]
    words = {camel_case(text) for text in (*texts, *row.columns, row.file.stem, row.file.stem.rstrip("s"))}
    rest = name
    for word in sorted(filter(None, words), key=len, reverse=True):
        rest = rest.replace(word, "|", 1)
    return 1 - len(rest.replace("|", "")) / len(name)


def _cells(results: Path, wanted: Collection[Decimal]) -> Iterator[str]:
    """Rows of the paper's tables that print the number, and those of the same table as data that hold it."""
    for path in sorted((results / "latex").glob("tab_*.tex")):
        lines = enumerate(_read(path).splitlines(), 1)
        found = [(f"  {path}:{index}: {plain(line)}", _hits(plain(line), wanted)) for index, line in lines]
        found = [(line, hits) for line, hits in found if hits and "&" in line]
        if not found:
            continue
        yield f"table {path.stem}; how it was made: ickrr trace {path.stem} --scale {results.name}"
        yield from _cut([line for line, _ in found])
        tidy = results / "tables" / f"{path.stem}.parquet"
        table = read_table(tidy)
        rows = [
            row for number in {hit for _, hits in found for hit in hits} for row in _rows(tidy, table, number)
        ]
        yield from _cut([f"  {row}" for row in rows])


def _cut(lines: list[str]) -> list[str]:
    more = len(lines) - SHOWN
    return lines if more <= 0 else [*lines[:SHOWN], f"  and {more} more"]
