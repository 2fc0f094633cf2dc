"""Check that the figures, tables, kernels, laws, solvers and nulls that the configuration names have code.

This is done while the configuration is read, so that a missing notebook is found before hours of training.
"""

import re
from collections.abc import Iterator

from ickrr.code import CodeError
from ickrr.config import kinds, paper_tables
from ickrr.config.experiment import Experiment
from ickrr.config.fields import DERIVED, Settings
from ickrr.config.messages import no_such
from ickrr.entries import KERNELS, LAWS, NULLS, SOLVERS, Entries

HEX = re.compile(r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?")
MARKERS = frozenset(".,ov^<>12348spP*hH+xXDd|_")
LINES = ("-", "--", "-.", ":")

Key = tuple[str, ...]


def undrawable(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield the key of each figure or table without working code, and what to do."""
    for name, figure in experiment.figures.items():
        if not name.startswith("fig") or name == "figures":
            why = "names of figures begin with fig, and figures means all of them; choose another name"
            yield ("figures", name), why
        if fault := _kind_fault(figure.kind):
            yield ("figures", name, "kind"), fault
        for key in _derived(figure):
            yield ("figures", name, key), "a figure reads what the notebook of its kind does; leave it out"
    for name, table in experiment.tables.items():
        if fault := _table_fault(name):
            yield ("tables", name), fault
        for key in _derived(table):
            yield ("tables", name, key), "a table reads what its module says it does; leave it out"


def faulty_entries(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield the key of each kernel, law, solver or null without working code, and what to do."""
    for key, entries, name in _entries_named(experiment):
        if fault := _entry_fault(entries, name):
            yield key, f"found '{name}', whose module {entries.dotted(name)} {fault}"


def _derived(settings: Settings) -> list[str]:
    """Return the keys that are given although the library works their values out."""
    fields = type(settings).model_fields
    return [key for key in sorted(settings.model_fields_set) if DERIVED in fields[key].metadata]


def _kind_fault(kind: str) -> str | None:
    if kind not in kinds.names():
        return no_such("kind of figure", kind, kinds.names())
    try:
        unmade = kinds.load(kind).unmade
    except CodeError as error:
        return str(error)
    if unmade:
        return f"its notebook {kinds.notebook(kind)} reads {', '.join(unmade)}, which is no table; correct it"
    return None


def _table_fault(name: str) -> str | None:
    if not name.startswith(paper_tables.PREFIX):
        return f"names of tables begin with {paper_tables.PREFIX}; choose another name"
    path = paper_tables.module(name)
    if not path.is_file():
        return f"there is no module {path} that makes it; write one, or take the table out"
    try:
        paper_tables.load(name)
    except CodeError as error:
        return str(error)
    return None


def _entries_named(experiment: Experiment) -> Iterator[tuple[Key, Entries, str]]:
    for name in experiment.tasks:
        task = experiment.task(name)
        yield ("tasks", name, "kernel"), KERNELS, task.kernel
        yield ("tasks", name, "law"), LAWS, task.law
    for law in experiment.constructions.contraction.laws:
        yield ("constructions", "contraction", "laws"), LAWS, law
    yield ("operators", "other_law"), LAWS, experiment.operators.other_law
    for solver in experiment.solvers.names:
        key = "headline" if solver in experiment.solvers.headline else "others"
        yield ("solvers", key), SOLVERS, solver
    for null in experiment.solvers.nulls:
        yield ("solvers", "nulls"), NULLS, null
    yield ("functions", "solver"), SOLVERS, experiment.functions.solver


def _entry_fault(entries: Entries, name: str) -> str | None:
    fault = entries.fault(name)
    return _look_fault(entries.load(name).LOOK) if fault is None and entries is SOLVERS else fault


def _look_fault(look: object) -> str | None:
    match look:
        case (str(colour), str(marker), line) if HEX.fullmatch(colour) and marker in MARKERS:
            if line in LINES or _is_dashes(line):
                return None
    return (
        f"has the LOOK {look!r}; it must be a colour, a marker of matplotlib and a line, such as "
        "('#004488', 'o', '--')"
    )


def _is_dashes(line: object) -> bool:
    """Say whether a line is (offset, (on, off, ..)), in points."""
    match line:
        case (int() | float(), (*lengths,)) if lengths and len(lengths) % 2 == 0:
            return all(isinstance(length, int | float) and length > 0 for length in lengths)
    return False
