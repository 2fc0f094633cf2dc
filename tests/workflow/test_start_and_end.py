"""What a run checks before its first job, what it shows, and what it prints at its end."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import Paper, Project

from ickrr.driver.plan import Job, duration, summary
from ickrr.report.latex import PROGRAMS


@pytest.fixture
def project(tiny_project: Project, tmp_path: Path) -> Project:
    return tiny_project.copy(tmp_path / "project")


@pytest.fixture
def without_tex(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a PATH with every program but TeX."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for folder in ("/bin", "/usr/bin", str(Path(sys.executable).parent)):
        for program in Path(folder).iterdir():
            if program.name not in PROGRAMS and not (programs / program.name).exists():
                (programs / program.name).symlink_to(program)
    monkeypatch.setenv("PATH", str(programs))


@pytest.mark.usefixtures("without_tex")
def test_paper_without_tex_stops_before_any_job_and_a_table_does_not(project: Project) -> None:
    """Fails if a run trains before it finds that TeX is not there, or refuses what needs none."""
    run = project.snakemake("--cores", "2", "paper")
    assert run.returncode == 1
    assert "error: planned jobs would fail, so none was started\n  the paper: latexmk, pdflatex" in run.stdout
    assert "Traceback" not in run.stdout
    assert not list((project.path / "logs").rglob("*.log"))
    run = project.snakemake("--cores", "2", "tab_setup")
    assert run.returncode == 0, run.stdout
    assert "results/smoke/latex/tab_setup.tex is ready after" in run.stdout
    assert "1 job computed." in run.stdout
    assert "1 of 2 steps (50%) done" in run.stdout, "no progress is shown"
    assert "Reason:" not in run.stdout and "User:" not in run.stdout
    (project.results() / "latex/tab_setup.tex").unlink()
    assert "Reason: Missing output files" in project.snakemake("-n", "tab_setup").stdout


@pytest.mark.parametrize("code", [0, 1])
def test_run_that_is_over_ends_at_once(project: Project, code: int) -> None:
    """Fails if Snakemake waits for its timers, which last two minutes here, although no job is left."""
    if code:
        project.edit("src/ickrr/report/tables/setup.py", "    del tables\n", "    del nothing\n")
    start = time.monotonic()
    run = project.snakemake("--cores", "2", "--max-jobs-per-timespan", "100/2m", "tab_setup")
    assert run.returncode == code, run.stdout
    assert time.monotonic() - start < 90


def test_files_that_lie_about_stop_nothing(project: Project) -> None:
    """Fails if an editor's lock, a broken link or a draft is taken for a part of anything."""
    before = project.planned()
    for name in (
        "paper/.#main.tex",
        "paper/gone.tex",
        "paper/gone.bib",
        "src/ickrr/solvers/.#cg.py",
        "src/ickrr/kernels/gone.py",
        "src/ickrr/report/tables/gone.py",
        "workflow/notebooks/.#error_curves.ipynb",
        "results/smoke/records/gone.json",
    ):
        (project.path / name).parent.mkdir(parents=True, exist_ok=True)
        (project.path / name).symlink_to("user@host.1:1")
    for name in ("paper/{draft}.tex", "paper/.DS_Store", "workflow/notebooks/.ipynb_checkpoints/width.ipynb"):
        (project.path / name).parent.mkdir(exist_ok=True)
        (project.path / name).write_bytes(b"\x00\xff\\input{nothing}")
    assert project.planned() == before
    said = project.tool("check", "--scale", "smoke").stdout
    assert "ok   results: 0 files" in said and "ok   configuration" in said, said


@pytest.mark.parametrize("target", ["paper", "figures", "tables", "fig1", "tab_setup"])
def test_short_targets_exist_here_and_in_a_module(target: str, tiny_project: Project, tmp_path: Path) -> None:
    """Fails if one is no target, or not one of a workflow that this is a module of."""
    assert tiny_project.planned(target)
    (tmp_path / "Snakefile").write_text(
        f"module ickrr:\n    snakefile: {str(tiny_project.path / 'workflow/Snakefile')!r}\n"
        '    config: {"scale": "smoke"}\n\nuse rule * from ickrr as i_*\n'
    )
    command = [sys.executable, "-m", "snakemake", "-n", f"i_{target}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert f"i_{target}" in run.stdout + run.stderr


def test_end_of_the_paper_says_where_it_is(tiny_paper: Paper) -> None:
    """Fails if the last lines do not name the PDF, the time, what was computed, and what to do next."""
    end = tiny_paper.log[tiny_paper.log.index("results/smoke/paper.pdf (and") :]
    assert " is ready after " in end and " jobs computed." in end
    assert "Next: open results/smoke/paper.pdf; ickrr check --scale smoke" in end
    assert "make report SCALE=smoke" in end


def test_figure_that_fails_shows_its_error_and_no_notebook(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if the error drowns in the notebook's JSON, or the job leaves a file of its own behind."""
    project = tiny_paper.copy(tmp_path / "project")
    notebook = project.path / "workflow/notebooks/error_curves.ipynb"
    content = json.loads(notebook.read_text())
    content["cells"].append({**content["cells"][-1], "id": "broken", "source": "1 / 0"})
    notebook.write_text(json.dumps(content))
    run = project.snakemake("--cores", "1", "fig1")
    assert run.returncode == 1
    assert "ZeroDivisionError: division by zero" in run.stdout
    assert "logs/smoke/draw_figure/fig1.ipynb shows the cell" in run.stdout
    assert "nbformat" not in run.stdout
    kept = sorted(path.name for path in (project.path / "logs/smoke/draw_figure").glob("fig1.*"))
    assert kept == ["fig1.ipynb", "fig1.log"]


def test_summary_tells_taken_from_computed_and_kept(tmp_path: Path) -> None:
    """Fails if a result of a bundle counts as one of this machine, or one that is not here as either."""
    files = {name: tmp_path / name for name in ("taken", "kept", "times")}
    for path in files.values():
        path.touch()
    there = [
        Job("a", {}, [str(files["taken"]), str(tmp_path / "absent")], str(tmp_path / "no times")),
        Job("b", {}, [str(files["kept"])], str(files["times"])),
    ]
    ran = [Job("c", {}, ["x"], "y"), Job("fig1", {}, [], None)]
    text = summary(["results/smoke/figures/fig1.pdf"], ran, there, 3725.0, "smoke")
    assert "results/smoke/figures/fig1.pdf is ready after 1 h 2 min: 1 job computed, " in text
    assert "1 result taken from a bundle, 1 result of earlier runs kept." in text
    assert "make report" not in text
    assert [duration(seconds) for seconds in (4.4, 61, 3600)] == ["4 s", "1 min 1 s", "1 h 0 min"]
