"""What the configuration names has code behind it, or is refused while the configuration is read."""

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from matplotlib.lines import Line2D
from support import ROOT, Project

from ickrr.config import code_behind, kinds
from ickrr.config.load import load_experiment
from ickrr.entries import KERNELS, LAWS, NULLS, SOLVERS
from ickrr.errors import ConfigError

CONFIG = ROOT / "config.yaml"
CURVES = {"kind": "error_curves", "runs": ["spherical"]}


def message(**overrides: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        load_experiment(CONFIG, overrides=overrides)
    return str(caught.value)


@pytest.mark.parametrize(
    ("changes", "key", "expected"),
    [
        (
            {"figures": {"fig99": {**CURVES, "kind": "error_curve"}}},
            "figures.fig99.kind",
            "found 'error_curve', which is not a kind of figure (did you mean 'error_curves'?); allowed: ",
        ),
        ({"figures": {"fig99": {"runs": ["spherical"]}}}, "figures.fig99.kind", "found ''"),
        ({"figures": {"noise": CURVES}}, "figures.noise", "names of figures begin with fig"),
        ({"figures": {"figures": CURVES}}, "figures.figures", "choose another name"),
        (
            {"figures": {"fig99": {**CURVES, "tables": ["errors"]}}},
            "figures.fig99.tables",
            "a figure reads what the notebook of its kind does; leave it out",
        ),
        (
            {"tables": {"tab_ablations": {"tables": ["alignment"]}}},
            "tables.tab_ablations.tables",
            "a table reads what its module says it does; leave it out",
        ),
        ({"tables": {"tab_setup": {"others": []}}}, "tables.tab_setup.others", "leave it out"),
        ({"tables": {"tab_99": {}}}, "tables.tab_99", "there is no module"),
        ({"tables": {"setup": {}}}, "tables.setup", "names of tables begin with tab_"),
    ],
)
def test_figures_and_tables_without_code_are_refused(changes: Any, key: str, expected: str) -> None:
    """Fails if the missing notebook or module is found by the job that would run it."""
    text = message(**changes)
    assert f"{key}: " in text and expected in text


def cell(source: str) -> str:
    """A notebook of one cell of code."""
    return json.dumps({"cells": [{"cell_type": "code", "source": [source]}]})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "is not valid Python"),
        ("{}", "is not valid Python"),
        (cell("def"), "is not valid Python"),
        ('{"cells": []}', "has no cell of code"),
        (cell('load_table(tables, runs, "error")'), "reads error, which is no table; correct it"),
    ],
)
def test_notebook_that_is_none_is_refused(
    content: str, expected: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if a notebook that cannot be read stops Snakemake with a traceback, or the last job."""
    shutil.copytree(kinds.NOTEBOOKS, tmp_path / "notebooks")
    monkeypatch.setattr(kinds, "NOTEBOOKS", tmp_path / "notebooks")
    (tmp_path / "notebooks/error_curves.ipynb").write_text(content)
    text = message(compute={"device": "cpu"})
    assert "figures.fig1.kind: " in text and expected in text


@pytest.mark.parametrize("entries", [KERNELS, LAWS, SOLVERS, NULLS], ids=lambda entries: entries.package)
def test_every_entry_is_complete(entries: Any) -> None:
    """Fails if what is asked of an entry is not what those of the project have."""
    for name in entries:
        assert code_behind._entry_fault(entries, name) is None


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (SimpleNamespace(NAME="Mine"), "lacks SHORT, PROPER, LOOK, flops_per_step, iterate"),
        (None, "cannot be imported (SyntaxError"),
        ({"LOOK": ("#00448", "o", "-")}, "has the LOOK ('#00448', 'o', '-')"),
        ({"LOOK": ("blu", "o", "-")}, "has the LOOK ('blu', 'o', '-')"),
        ({"LOOK": ("#004488", "circle", "-")}, "has the LOOK ('#004488', 'circle', '-')"),
        ({"LOOK": ("#004488", "o", "dahsed")}, "has the LOOK ('#004488', 'o', 'dahsed')"),
        ({"LOOK": ("#004488", "o", (0, (1, 2, 3)))}, "has the LOOK ('#004488', 'o', (0, (1, 2, 3)))"),
        ({"SHORT": ""}, "has the SHORT ''; give the text that tables and figures write"),
        ({"NAME": None}, "has the NAME None; give the text"),
    ],
)
def test_solver_that_is_not_finished_is_refused(
    module: Any, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if a solver without label, look or valid code is found by the last figure."""
    whole = SOLVERS.load("chebyshev")

    def load(entries: Any, name: str) -> Any:
        if name != "chebyshev":
            return loaded(entries, name)
        if module is None:
            raise SyntaxError("invalid syntax (chebyshev.py, line 1)")
        if isinstance(module, dict):
            return SimpleNamespace(**{**vars(whole), **module})
        return module

    loaded = type(SOLVERS).load
    monkeypatch.setattr(type(SOLVERS), "load", load)
    text = message(compute={"device": "cpu"})
    assert "solvers.others: found 'chebyshev', whose module ickrr.solvers.chebyshev" in text
    assert expected in text


def test_null_that_is_not_finished_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if a null without a path or a cost is found by the first job that needs it."""
    loaded = type(NULLS).load
    unfinished = SimpleNamespace(NAME="Mine", SHORT="Mine", PROPER=False)
    monkeypatch.setattr(
        type(NULLS),
        "load",
        lambda entries, name: unfinished if name == "ridge_path" else loaded(entries, name),
    )
    text = message(compute={"device": "cpu"})
    assert "solvers.nulls: found 'ridge_path', whose module ickrr.nulls.ridge_path lacks flops, path" in text


def test_looks_are_what_matplotlib_draws() -> None:
    """Fails if a marker or line is allowed that the last figure would be the first to refuse."""
    assert set(Line2D.markers) >= code_behind.MARKERS
    assert set(Line2D.lineStyles) >= set(code_behind.LINES)


def test_snakemake_says_so_before_any_job(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if an unfinished solver or law ends in a traceback, or an editor's file counts as one."""
    project = fresh_project.copy(tmp_path / "project")
    package = project.path / "src/ickrr"
    (package / "solvers/mine.py").write_text('NAME = "Mine"\n')
    (package / "laws/mine.py").write_text('NAME = "Mine"\nimport nothing_of_this_name\n')
    for name in (".#mine.py", "gone.py", "._mine.py"):
        (package / "solvers" / name).symlink_to("user@host.1:1")
    (package / "laws/copy of mine.py").write_bytes(b"NAME = '\xff'")
    overlay = tmp_path / "mine.yaml"
    overlay.write_text("solvers:\n  others: [mine]\ntasks:\n  spherical: {law: mine}\n")
    run = project.snakemake("-n", "--config", "scale=smoke", f"overlay={overlay}")
    assert run.returncode == 1
    assert "Traceback" not in run.stdout
    assert f"{overlay}:2: solvers.others: found 'mine', whose module ickrr.solvers.mine lacks" in run.stdout
    assert (
        f"{overlay}:4: tasks.spherical.law: found 'mine', whose module ickrr.laws.mine cannot be"
        in run.stdout
    )
    overlay.write_text("solvers:\n  others: [chebychev]\n")
    run = project.snakemake("-n", "--config", "scale=smoke", f"overlay={overlay}")
    assert "allowed: " in run.stdout
    assert "gone" not in run.stdout and "copy of" not in run.stdout
