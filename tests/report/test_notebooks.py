import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import READING_TABLES

from ickrr.code import CodeError, Sources, code_digest, import_closure

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "workflow/notebooks").glob("*.ipynb"))
IDS = [path.stem for path in NOTEBOOKS]


def cells(path):
    return [c for c in json.loads(path.read_text())["cells"] if c["cell_type"] == "code"]


def parameters(path, results):
    return {
        "runs": ["noise_01"] if path.stem in ("functions", "along_training") else ["noise_01", "spherical"],
        "tables": str(results / "tables"),
        "scale": "smoke",
        "models": {
            "noise_01": {"layers": 4, "heads": 2, "width": 64},
            "spherical": {"layers": 4, "heads": 4, "width": 64},
        },
    }


def test_there_are_notebooks():
    """Fails if the tests below run over nothing."""
    assert {"error_curves", "similarity", "learning_curves"} <= set(IDS)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_committed_form(path):
    """Fails if a notebook is committed with outputs, or lacks what papermill and Snakemake need."""
    document = json.loads(path.read_text())
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    assert document["metadata"]["language_info"]["name"] == "python"
    assert all(not c["outputs"] and c["execution_count"] is None for c in cells(path))
    assert cells(path)[0]["metadata"]["tags"] == ["parameters"]


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_draws_the_figure_from_its_tables(path, results, tmp_path, monkeypatch):
    """Fails if the notebook's code does not run, or writes anything but its two files."""
    first, *others = ("".join(cell["source"]) for cell in cells(path))
    names = {}
    exec(first, names)
    given = parameters(path, results)
    monkeypatch.setenv("ICKRR_FIGURE", str(tmp_path / path.stem))
    monkeypatch.setenv("ICKRR_LOADED", str(tmp_path / "loaded"))
    names |= {name: value for name, value in given.items() if name in names}  # as papermill does
    for source in others:
        exec(source, names)
    assert {p.name for p in tmp_path.iterdir()} == {f"{path.stem}.pdf", f"{path.stem}.png", "loaded"}
    loaded = json.loads((tmp_path / "loaded").read_text())
    assert Path(loaded["ickrr.report.style"]) == ROOT / "src/ickrr/report/style.py"
    assert all(f"Run `{run}`" in "".join(names["seen"]) for run in names.get("runs", []))
    assert "".join(names["seen"])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_closure_is_one_kind_of_figure(path):
    """Fails if an edit of training, solvers, tables or another kind of figure would redraw this one.

    Kinds of figure share what stands inside a panel.
    """
    files = import_closure(str(path.relative_to(ROOT)))
    closure = {p.as_posix().split("src/ickrr/")[1] for p in files if p != path}
    shared = READING_TABLES | {"report/ickrr.mplstyle"}
    shared |= {"report/__init__.py", "report/figures/__init__.py"}
    shared |= {"config/__init__.py", "config/claim_terms.py"}  # the words for families of algorithms
    report = {
        f"report/{name}.py"
        for name in ("load", "methods", "style", "curves", "matches", "studies", "intervals")
    }
    panels = {name for name in closure if name.startswith("report/panels/")}
    kinds = {name for name in closure if name.startswith("report/figures/")} - shared
    assert len(kinds) == 1
    assert closure <= shared | report | panels | kinds


@pytest.mark.parametrize(
    "folder", ["results/smoke/tables", pytest.param("results/gone/tables", marks=pytest.mark.slow)]
)
def test_opened_by_hand_a_notebook_shows_and_writes_nothing(results, tmp_path, folder):
    """Fails if a notebook that is run by hand, from any folder, writes a figure or finds no tables.

    By hand the folder of tables is looked for in the working directory, then in the project.
    """
    path = ROOT / "workflow/notebooks/learning_curves.ipynb"
    (tmp_path / "results/smoke").mkdir(parents=True)
    (tmp_path / "results/smoke/tables").symlink_to(results / "tables")
    before = sorted(tmp_path.rglob("*"))
    given = json.dumps({**parameters(path, results), "tables": folder})
    command = [sys.executable, "-m", "papermill", str(path), str(tmp_path / "executed.ipynb"), "-y", given]
    done = subprocess.run([*command, "--no-progress-bar"], cwd=tmp_path, capture_output=True, text=True)
    executed = (tmp_path / "executed.ipynb").read_text()
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / "executed.ipynb"])
    if folder == "results/gone/tables":
        assert f"FileError: {ROOT / folder}/noise_01/learning_curve.parquet: no such table" in done.stderr
    else:
        assert '"image/png"' in executed
        assert re.search(r"Run `noise_01`: 0 of 2 seeds diverged", executed)


def draw(results, folder, **environment):
    """Draw learning curves as a job does, from a notebook in a folder whose name papermill would fill in."""
    notebook = "workflow/notebooks/learning_curves.ipynb"
    path = folder / "{not a parameter}" / "learning_curves.ipynb"
    path.parent.mkdir(parents=True)
    path.write_text((ROOT / notebook).read_text())
    output = folder / "learning_curves.pdf"
    code = [code_digest("ickrr.steps.draw_figure", notebook), "5e77", notebook]
    command = [
        *(
            sys.executable,
            "-I",
            ROOT / "src",
            "draw_figure",
            "--rule=draw_figure",
            "--recorded-in",
            "results",
        ),
        *("--notebook", path, "--executed", folder / "executed.ipynb"),
        *("--pdf", output, "--png", output.with_suffix(".png")),
        *("--tables", *sorted((results / "tables").rglob("*.parquet"))),
        *("--parameters", json.dumps(parameters(path, results)), "--code", *code, "--writes", output),
    ]
    plain = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    run = subprocess.run(
        command, cwd=folder, env={**plain, **environment}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr[-3000:]
    return output.read_bytes()


def test_the_kernel_is_this_python_with_these_sources(results, tmp_path):
    """Fails if a kernel, a package or a start-up file of the caller's draws the figure."""
    home = tmp_path / "home"
    kernel = {"argv": ["/bin/false", "{connection_file}"], "display_name": "x", "language": "python"}
    for name, text in {
        "kernels/python3/kernel.json": json.dumps(kernel),
        "profile_default/startup/00.py": "import os\nos._exit(9)\n",
        "ickrr/__init__.py": "raise ImportError('not ours')\n",
        "seaborn.py": "raise ImportError('not ours')\n",
        "matplotlibrc": "font.size: 30\n",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    names = ("JUPYTER_PATH", "IPYTHONDIR", "PYTHONPATH", "MATPLOTLIBRC", "JUPYTER_CONFIG_DIR", "HOME")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/json.py").write_text("raise ImportError('of the working directory')\n")
    theirs = draw(results, tmp_path / "b", **dict.fromkeys(names, str(home)), MPLBACKEND="nonsense")
    assert theirs == draw(results, tmp_path / "a")


def test_foreign_sources_in_the_kernel_are_noticed(tmp_path):
    """Fails if a figure is kept that another copy of the package drew."""
    sources = Sources("ickrr.steps.draw_figure", "workflow/notebooks/learning_curves.ipynb")
    sources.require_known({"ickrr.report.style": ROOT / "src/ickrr/report/style.py"}, "job")
    with pytest.raises(
        CodeError, match=r"job: imported ickrr\.report\.style \(.*elsewhere/style\.py\), which"
    ):
        sources.require_known({"ickrr.report.style": tmp_path / "elsewhere/style.py"}, "job")


def test_no_torch():
    """Fails if drawing a figure imports torch or safetensors, which alone takes longer than the drawing."""
    kinds = (ROOT / "src/ickrr/report/figures").glob("[a-z]*.py")
    modules = [f"ickrr.report.figures.{kind.stem}" for kind in sorted(kinds)]
    modules += ["ickrr.steps.write_table", "ickrr.steps.write_numbers"]
    code = (
        f"import sys, {', '.join(modules)}; print([m for m in ('torch', 'safetensors') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
