"""Check that the figures, tables, kernels, laws and solvers that the configuration names have code.

This is done while the configuration is read, so that a missing notebook is found before hours of training.
"""

import re
from collections.abc import Iterator

from ickrr.code import PACKAGE_ROOT, ROOT, CodeError, read_source
from ickrr.config.experiment import Experiment
from ickrr.entries import KERNELS, LAWS, SOLVERS, Entries

NOTEBOOKS = ROOT / "workflow" / "notebooks"
TABLES = PACKAGE_ROOT / "report" / "tables"
LOADED = re.compile(r'load_(?:table|other)\([^"\\]*\\"([\w/]+)\\"')  # in the JSON of a notebook
HEX = re.compile(r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?")

Key = tuple[str, ...]


def undrawable(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield the key of each figure or table without working code, and what to do."""
    for name, figure in experiment.figures.items():
        if fault := _figure_fault(name, {*figure.tables, *figure.others}):
            yield ("figures", name), fault
    for name in experiment.tables:
        if fault := _table_fault(name):
            yield ("tables", name), fault


def faulty_entries(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield the key of each kernel, law or solver without working code, and what to do."""
    for key, entries, name in _entries_named(experiment):
        if fault := _entry_fault(entries, name):
            yield key, f"found '{name}', whose module {entries.dotted(name)} {fault}"


def _figure_fault(name: str, tables: set[str]) -> str | None:
    path = NOTEBOOKS / f"{name}.ipynb"
    if not name.startswith("fig") or name == "figures":
        return "names of figures begin with fig, and figures means all of them; choose another name"
    if not path.is_file():
        return f"there is no notebook {path} that draws it; write one, or take the figure out"
    try:
        read_source(path)
    except CodeError as error:
        return str(error)
    lacking = sorted({*LOADED.findall(path.read_text(encoding="utf-8"))} - tables)
    if lacking:
        return f"its notebook reads {', '.join(lacking)}, which it does not list; add to its tables or others"
    return None


def _table_fault(name: str) -> str | None:
    if not name.startswith("tab_"):
        return "names of tables begin with tab_; choose another name"
    path = TABLES / f"{name.removeprefix('tab_')}.py"
    if not path.is_file():
        return f"there is no module {path} that makes it; write one, or take the table out"
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
    yield ("functions", "solver"), SOLVERS, experiment.functions.solver


def _entry_fault(entries: Entries, name: str) -> str | None:
    try:
        module = entries.load(name)
    except Exception as error:  # importing a module can raise anything
        return f"cannot be imported ({type(error).__name__}: {error}); correct it"
    lacking = [need for need in entries.needs if not hasattr(module, need)]
    if lacking:
        return f"lacks {', '.join(lacking)}; define what the docstring of ickrr.{entries.package} asks for"
    return _look_fault(module.LOOK) if entries is SOLVERS else None


def _look_fault(look: object) -> str | None:
    colour, marker, _ = look if isinstance(look, tuple) and len(look) == 3 else (None, None, None)
    wrong = not isinstance(colour, str) or not isinstance(marker, str)
    if wrong or (str(colour).startswith("#") and not HEX.fullmatch(str(colour))):
        return f"has the LOOK {look!r}; it must be colour, marker and line, such as ('#004488', 'o', '--')"
    return None
