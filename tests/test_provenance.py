"""Import closures, which decide what an edit reruns."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ickrr.provenance import PACKAGE_ROOT, code_hash, commit, import_closure, versions

NOTEBOOKS = sorted((PACKAGE_ROOT.parents[1] / "workflow" / "notebooks").glob("*.ipynb"))
COMMANDS = sorted(path.stem for path in (PACKAGE_ROOT / "commands").glob("[a-z]*.py"))


def names(start: str | Path) -> set[str]:
    return {str(path.relative_to(PACKAGE_ROOT)) for path in import_closure(start)}


@pytest.mark.parametrize("command", COMMANDS)
def test_closure_covers_what_python_imports(command: str) -> None:
    """Fails if the static closure misses a module that importing the verb really loads (stale results)."""
    program = (
        f"import sys, ickrr.commands.{command}\n"
        "print('\\n'.join(m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'ickrr'))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {Path(line) for line in run.stdout.split()}
    assert loaded <= set(import_closure(f"ickrr.commands.{command}"))


def test_wings_do_not_know_each_other() -> None:
    """Fails if an edit in one wing would rerun another (an import that should not be there)."""
    assert not any(
        name.startswith(("solvers/", "analysis/", "report/")) for name in names("ickrr.commands.train")
    )
    assert not any(
        name.startswith(("training/", "model/", "report/")) for name in names("ickrr.commands.solve")
    )
    assert not any(name.startswith(("solvers/", "report/")) for name in names("ickrr.commands.probe"))
    for command in ("compare", "tabulate"):
        wings = ("solvers/", "training/", "model/", "report/")
        assert not any(name.startswith(wings) for name in names(f"ickrr.commands.{command}"))


@pytest.mark.parametrize("command", ["compare", "tabulate", "table", "numbers", "paper", "config"])
def test_light_verbs_do_not_import_torch(command: str) -> None:
    """Fails if making a table or a figure would need torch (seconds of start-up, a heavy environment)."""
    program = f"import sys, ickrr.commands.{command}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_figures_do_not_import_torch(notebook: Path) -> None:
    """Fails if a figure reaches for weights or for torch: it must be drawn from tables alone."""
    closure = import_closure(notebook)
    assert closure
    assert not any("torch" in path.read_text() for path in closure)


def test_no_settings_but_its_own_reach_training() -> None:
    """Fails if adding a figure to the schema would retrain every model."""
    assert "config/experiment.py" not in names("ickrr.commands.train")
    assert "config/analysis.py" not in names("ickrr.commands.train")


def test_closure_of_a_notebook(tmp_path: Path) -> None:
    """Fails if a notebook's imports are not followed, or its markdown is taken for code."""
    cells = [
        {"cell_type": "markdown", "source": ["import ickrr.solvers"]},
        {"cell_type": "code", "source": ["import json\n", "from ickrr.files import read_table"]},
    ]
    notebook = tmp_path / "fig.ipynb"
    notebook.write_text(json.dumps({"cells": cells}))
    assert names(notebook) == {"__init__.py", "files.py", "errors.py"}


def test_code_hash_sees_content_and_not_dates(tmp_path: Path) -> None:
    """Fails if a touched file counts as changed, or an edited one does not."""
    path = tmp_path / "a.py"
    path.write_text("x = 1\n")
    before = code_hash([path])
    path.touch()
    assert code_hash([path]) == before
    path.write_text("x = 2\n")
    assert code_hash([path]) != before


def test_record_names_versions_and_commit() -> None:
    """Fails if the record lacks the packages that decide results."""
    assert {"python", "torch", "numpy"} <= set(versions())
    assert commit()
