"""The tables of the paper: each is a module of `ickrr.report.tables`, which says by itself what it reads.

Nobody lists them. What a module reads stands in its constants (see `CONSTANTS`), tuples of names. They are
taken from its text, without importing it, since what draws tables imports pandas.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

from ickrr.code import PACKAGE_ROOT, CodeError, read_source
from ickrr.config.experiment import Experiment, OtherTable, RunTable

MODULES: Final = PACKAGE_ROOT / "report" / "tables"
PREFIX: Final = "tab_"
CONSTANTS: Final[dict[str, tuple[str, ...]]] = {
    "READS_OF_RUNS": get_args(RunTable),
    "READS_OF_RUNS_ALONE": get_args(RunTable),
    "READS_OF_CONTROLS": get_args(OtherTable),
    "READS": get_args(OtherTable),
    "READS_COSTS_OF": ("computation",),
}
"""What a module may define, and what it can name there: tables, or the stages whose costs it shows."""


@dataclass(frozen=True)
class Reads:
    """What the module of a table says of itself.

    Attributes:
        of_runs: tables that it reads of each of its runs and controls (``READS_OF_RUNS``); None if it shows
            no runs, empty if it shows their settings.
        of_runs_alone: tables that it reads of each of its runs, but not of its controls
            (``READS_OF_RUNS_ALONE``).
        of_controls: tables of no run that it reads if it is given controls (``READS_OF_CONTROLS``); None if
            it shows no controls.
        always: tables of no run that it always reads (``READS``).
        costs_of: ``computation`` if it shows what everything up to the tables cost, so that it is made after
            them although it reads none (``READS_COSTS_OF``).
    """

    of_runs: tuple[str, ...] | None
    of_runs_alone: tuple[str, ...]
    of_controls: tuple[str, ...] | None
    always: tuple[str, ...]
    costs_of: tuple[str, ...]


def module(table: str) -> Path:
    """Return the file of the module that makes a table of the paper."""
    return MODULES / f"{table.removeprefix(PREFIX)}.py"


def load(table: str) -> Reads:
    """Return what the module of a table reads.

    Raises:
        CodeError: it is missing, is no Python, or a constant of `CONSTANTS` does not name tables.
    """
    return _read(module(table))


def with_tables_of_modules(experiment: Experiment) -> Experiment:
    """Return the experiment with the tables that each table of the paper reads."""
    tables = {
        name: table.model_copy(
            update={
                "tables": list(reads.of_runs or ()),
                "tables_of_runs": list(reads.of_runs_alone),
                "others": [*reads.always, *((reads.of_controls or ()) if table.controls else ())],
            }
        )
        for name, table in experiment.tables.items()
        for reads in [load(name)]
    }
    return experiment.model_copy(update={"tables": tables})


@cache
def _read(path: Path) -> Reads:
    read_source(path)
    found = {name: _tables(path, name, value) for name, value in _constants(path)}
    return Reads(
        found.get("READS_OF_RUNS"),
        found.get("READS_OF_RUNS_ALONE", ()),
        found.get("READS_OF_CONTROLS"),
        found.get("READS", ()),
        found.get("READS_COSTS_OF", ()),
    )


def _constants(path: Path) -> Iterator[tuple[str, ast.expr]]:
    for statement in ast.parse(path.read_bytes()).body:
        match statement:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if name in CONSTANTS:
                yield name, value


def _tables(path: Path, name: str, value: ast.expr) -> tuple[str, ...]:
    allowed = CONSTANTS[name]
    try:
        tables: Any = ast.literal_eval(value)
    except (ValueError, TypeError):
        tables = None
    if not isinstance(tables, tuple) or not all(isinstance(table, str) for table in tables):
        raise CodeError(
            f'{path}: {name} is {ast.unparse(value)}; write a tuple of names, such as ("{allowed[0]}",)'
        )
    if unmade := [table for table in tables if table not in allowed]:
        raise CodeError(f"{path}: {name} names {', '.join(unmade)}; allowed: {', '.join(allowed)}")
    return tables
