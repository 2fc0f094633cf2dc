"""The kinds of figure: each is a notebook, which says by itself what it reads and what it may be told.

Nobody lists them. A notebook reads the tables that it names in ``load_table`` and ``load_other``; its first
cell of code holds its parameters, and it is handed those of `parameters` that stand there.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

from ickrr.code import ROOT, CodeError, read_source
from ickrr.config.experiment import Experiment, FigureSettings, OtherTable, RunTable
from ickrr.io.files import files_below

NOTEBOOKS: Final = ROOT / "workflow" / "notebooks"
NAME: Final = re.compile(r"[a-z]\w*")  # which "copy of x" is not


@dataclass(frozen=True)
class Kind:
    """What a notebook says of itself.

    Attributes:
        tables: tables that it reads of each run.
        others: tables of no run that it reads.
        parameters: names that its first cell sets.
    """

    tables: tuple[str, ...]
    others: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def unmade(self) -> list[str]:
        """Tables that it reads and nothing makes."""
        made = {*get_args(RunTable), *get_args(OtherTable)}
        return [table for table in (*self.tables, *self.others) if table not in made]


def names() -> list[str]:
    """Return the kinds that there are, sorted."""
    found = files_below(NOTEBOOKS, {".ipynb"})
    return [path.stem for path in found if path.parent == NOTEBOOKS and NAME.fullmatch(path.stem)]


def notebook(kind: str) -> Path:
    """Return the notebook that draws the figures of a kind."""
    return NOTEBOOKS / f"{kind}.ipynb"


@cache
def _read(path: Path) -> Kind:
    read_source(path)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    if not code:
        raise CodeError(f"{path}: has no cell of code, of which the first holds its parameters; write them")
    trees = [ast.parse("".join(cell["source"])) for cell in code]
    told = [target.id for one in trees[0].body for target in _targets(one)]
    loaded = [(function, table) for tree in trees for function, table in _loads(tree)]
    return Kind(
        tuple(table for function, table in loaded if function == "load_table"),
        tuple(table for function, table in loaded if function == "load_other"),
        tuple(told),
    )


def load(kind: str) -> Kind:
    """Read what the notebook of a kind says.

    Raises:
        CodeError: it cannot be read, or is no notebook.
    """
    return _read(notebook(kind))


def with_tables_of_kinds(experiment: Experiment) -> Experiment:
    """Return the experiment with the tables that each figure's notebook reads."""
    figures = {
        name: figure.model_copy(update={"tables": list(kind.tables), "others": list(kind.others)})
        for name, figure in experiment.figures.items()
        for kind in [load(figure.kind)]
    }
    return experiment.model_copy(update={"figures": figures})


def solvers_of(experiment: Experiment, figure: FigureSettings) -> list[str]:
    """Return the solvers that a figure shows, in order."""
    return figure.solvers or experiment.solvers.headline


def parameters(experiment: Experiment, name: str) -> dict[str, Any]:
    """Return what a figure's notebook is told beside its tables: of the following, what its first cell names.

    Args:
        experiment: the resolved experiment.
        name: name of the figure.
    """
    figure = experiment.figures[name]
    solvers = solvers_of(experiment, figure)
    models = {run: experiment.run(run).model for run in figure.runs}
    told = {
        "runs": figure.runs,
        "scale": experiment.scale,
        "context_lengths": experiment.statistics.context_lengths,
        "solvers": solvers,
        "main_solver": figure.main_solver or solvers[0],
        "nulls": experiment.solvers.nulls,
        "models": {
            run: {"layers": model.layers, "heads": model.heads, "width": model.width}
            for run, model in models.items()
        },
        "margin": experiment.identification.margin,
        "snapshots": experiment.noise_mismatch.snapshots,
        "traced_solver": experiment.functions.solver,
        "laws": experiment.constructions.contraction.laws,
    }
    return {key: value for key, value in told.items() if key in load(figure.kind).parameters}


def _targets(statement: ast.stmt) -> Iterator[ast.Name]:
    if isinstance(statement, ast.Assign):
        yield from (target for target in statement.targets if isinstance(target, ast.Name))


def _loads(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield the function and the table of every call that loads one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            last = node.args[-1]
            if isinstance(last, ast.Constant) and isinstance(last.value, str):
                yield node.func.id, last.value
