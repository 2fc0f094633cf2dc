"""What the configuration names must have code behind it: figures, tables, kernels, laws and solvers.

Asked while the configuration is read, so that a missing notebook is no surprise after hours of training.
"""

import re
from collections.abc import Iterator

from ickrr.code import PACKAGE_ROOT, CodeError
from ickrr.config import kinds
from ickrr.config.experiment import Experiment, FigureSettings
from ickrr.config.fields import DERIVED
from ickrr.config.messages import no_such
from ickrr.entries import KERNELS, LAWS, SOLVERS, Entries

TABLES = PACKAGE_ROOT / "report" / "tables"
HEX = re.compile(r"#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?")

Key = tuple[str, ...]


def undrawable(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield the figures and tables without working code: the key that names each, and what to do."""
    for name, figure in experiment.figures.items():
        if not name.startswith("fig") or name == "figures":
            why = "names of figures begin with fig, and figures means all of them; choose another name"
            yield ("figures", name), why
        if fault := _kind_fault(figure.kind):
            yield ("figures", name, "kind"), fault
        for key in sorted(figure.model_fields_set):
            if DERIVED in FigureSettings.model_fields[key].metadata:
                yield (
                    ("figures", name, key),
                    "a figure reads what the notebook of its kind does; leave it out",
                )
    for name in experiment.tables:
        if fault := _table_fault(name):
            yield ("tables", name), fault


def faulty_entries(experiment: Experiment) -> Iterator[tuple[Key, str]]:
    """Yield the kernels, laws and solvers without working code: the key that names each, and what to do."""
    for key, entries, name in _entries_named(experiment):
        if fault := _entry_fault(entries, name):
            yield key, f"found '{name}', whose module {entries.dotted(name)} {fault}"


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
    except Exception as error:  # whatever a module does when it is imported
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
