import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ickrr.code import import_closure

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "workflow/notebooks").glob("*.ipynb"))
IDS = [path.stem for path in NOTEBOOKS]


def cells(path):
    return [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]


def parameters(path, results, folder):
    return {
        "figure": path.stem,
        "runs": ["noise_01"] if path.stem == "fig_functions" else ["noise_01", "spherical"],
        "tables": str(results / "tables"),
        "output": str(folder / path.stem),
        "scale": "smoke",
        "models": {
            "noise_01": {"layers": 4, "heads": 2, "width": 64},
            "spherical": {"layers": 4, "heads": 4, "width": 64},
        },
    }


def test_there_are_notebooks():
    """Fails if the tests below run over nothing."""
    assert {"fig1", "fig2", "fig_training"} <= set(IDS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_committed_form(path):
    """Fails if a notebook is committed with outputs, or lacks what papermill and Snakemake need."""
    document = json.loads(path.read_text())
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    assert document["metadata"]["language_info"]["name"] == "python"
    assert all(not c["outputs"] and c["execution_count"] is None for c in cells(path))
    assert cells(path)[0]["metadata"]["tags"] == ["parameters"]
    assert f'figure = "{path.stem}"' in "".join(cells(path)[0]["source"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_draws_the_figure_from_its_tables(path, results, tmp_path):
    """Fails if the notebook's code does not run, or writes anything but its two files."""
    first, *others = ("".join(cell["source"]) for cell in cells(path))
    names = {}
    exec(first, names)
    given = parameters(path, results, tmp_path)
    names |= {name: value for name, value in given.items() if name in names}  # as papermill does
    for source in others:
        exec(source, names)
    assert sorted(p.name for p in tmp_path.iterdir()) == [f"{path.stem}.pdf", f"{path.stem}.png"]
    assert all(f"Run `{run}`" in "".join(names["seen"]) for run in names.get("runs", []))
    assert "".join(names["seen"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_closure_is_one_kind_of_figure(path):
    """Fails if an edit of training, solvers, tables or another kind of figure would redraw this one.

    Kinds of figure share what stands inside a panel.
    """
    files = import_closure(str(path.relative_to(ROOT)))
    closure = {p.as_posix().split("src/ickrr/")[1] for p in files if p != path}
    ground = {"__init__.py", "entries.py", "errors.py", "files.py", "report/ickrr.mplstyle"}
    ground |= {"report/__init__.py", "report/figures/__init__.py"}
    report = {f"report/{name}.py" for name in ("load", "methods", "style", "curves", "matches")}
    panels = {name for name in closure if name.startswith("report/panels/")}
    kinds = {name for name in closure if name.startswith("report/figures/")} - ground
    assert len(kinds) == 1
    assert closure <= ground | report | panels | kinds


def test_papermill_runs_one_with_its_parameters_as_yaml(results, tmp_path):
    """Fails if papermill cannot hand over a list of runs, or importing the library needs torch."""
    path = ROOT / "workflow/notebooks/fig_training.ipynb"
    given = json.dumps(parameters(path, results, tmp_path))
    command = [sys.executable, "-m", "papermill", str(path), str(tmp_path / "executed.ipynb"), "-y", given]
    subprocess.run([*command, "--no-progress-bar"], check=True, capture_output=True, timeout=120)
    executed = (tmp_path / "executed.ipynb").read_text()
    assert (tmp_path / "fig_training.pdf").exists()
    assert re.search(r"Run `noise_01`: 0 of 2 seeds diverged", executed)


def test_no_torch():
    """Fails if drawing a figure imports torch or safetensors, which alone takes longer than the drawing."""
    kinds = (ROOT / "src/ickrr/report/figures").glob("[a-z]*.py")
    modules = [f"ickrr.report.figures.{kind.stem}" for kind in sorted(kinds)]
    modules += ["ickrr.commands.table", "ickrr.commands.numbers"]
    code = (
        f"import sys, {', '.join(modules)}; print([m for m in ('torch', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
