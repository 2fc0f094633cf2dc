"""Kinds of figure: what a notebook reads and takes is what a figure of its kind is given."""

import json
import re
from collections.abc import Callable

import pytest

from ickrr.code import PACKAGE_ROOT, ROOT
from ickrr.config import kinds
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment

EXPERIMENT = load_experiment(ROOT / "config.yaml")
TABLES = "results/laptop/tables"
Read = Callable[..., Experiment]


def test_every_kind_has_its_module() -> None:
    """Fails if a notebook and the module that draws its figures have two names, or one stands alone."""
    modules = {path.stem for path in (PACKAGE_ROOT / "report" / "figures").glob("[a-z]*.py")}
    assert {*kinds.names()} == modules == {figure.kind for figure in EXPERIMENT.figures.values()}


@pytest.mark.parametrize("kind", kinds.names())
def test_a_kind_reads_what_its_notebook_loads(kind: str) -> None:
    """Fails if a table that a notebook loads is no input of its figures."""
    text = "".join("".join(cell["source"]) for cell in json.loads(kinds.notebook(kind).read_text())["cells"])
    found = kinds.load(kind)
    assert [*found.tables] == re.findall(r'load_table\(tables, runs, "(.*?)"\)', text)
    assert [*found.others] == re.findall(r'load_other\(tables, "(.*?)"\)', text)
    assert found.tables or found.others


@pytest.mark.parametrize("kind", kinds.names())
def test_opened_by_hand_a_notebook_draws_the_first_figure_of_its_kind(kind: str) -> None:
    """Fails if its own parameters are not those that the rule hands over for that laptop figure."""
    first = next(name for name, figure in EXPERIMENT.figures.items() if figure.kind == kind)
    cells = json.loads(kinds.notebook(kind).read_text())["cells"]
    own: dict[str, object] = {}
    exec("".join(next(cell for cell in cells if cell["cell_type"] == "code")["source"]), {}, own)
    assert own == {**kinds.parameters(EXPERIMENT, first), "tables": TABLES}


def test_a_figure_is_told_its_own_options(read: Read) -> None:
    """Fails if an option of one figure is dropped, or reaches another of the same kind."""
    found = read("figures: {fig9: {main_solver: richardson}, fig2: {solvers: [richardson, chebyshev]}}")
    assert kinds.parameters(found, "fig9")["main_solver"] == "richardson"
    second = kinds.parameters(found, "fig2")
    assert (second["solvers"], second["main_solver"]) == (["richardson", "chebyshev"], "richardson")
    assert kinds.parameters(found, "fig5")["solvers"] == ["preconditioned_richardson"]
    assert kinds.parameters(found, "fig7")["solvers"] == EXPERIMENT.solvers.headline
    assert "solvers" not in kinds.parameters(found, "fig_training")


def test_a_new_figure_of_a_known_kind_is_an_entry_of_the_configuration(read: Read) -> None:
    """Fails if more than its entry is needed: a notebook, or a list of what it reads."""
    found = read("figures: {fig_more: {kind: heatmaps, runs: [label, adamw], solvers: [richardson]}}")
    assert found.figures["fig_more"].tables == ["similarity", "matches"]
    told = kinds.parameters(found, "fig_more")
    assert (told["runs"], told["solvers"]) == (["label", "adamw"], ["richardson"])
