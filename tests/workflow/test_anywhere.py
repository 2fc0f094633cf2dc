"""The workflow runs in its own folder, from another folder, and as a module of another workflow."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import Mount, Project, checkout, make_tiny

from slurm_guard.errors import ClusterError
from slurm_guard.submit import require_plain

SNAKEMAKE = Path(sys.executable).with_name("snakemake")
FIGURE = "results/smoke/figures/fig_training.pdf"
HOST = """
rule told:
    input: "{figure}"
    output: "told.txt"
    shell: 'echo "PYTHONPATH=$(printenv PYTHONPATH)" > {{output}} || true'

module ickrr:
    snakefile: {snakefile!r}
    config: {{"scale": "smoke"}}

use rule * from ickrr as i_*
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Make a tiny checkout in a folder whose name has spaces, umlauts, and signs of shells, TeX and URLs."""
    place = tmp_path_factory.mktemp("any") / """Ana's größtes "Projekt", 50% of #1 & $HOME ~x;(y) %s `z`"""
    place.mkdir()
    project = checkout(place)
    make_tiny(project)
    return project


def snakemake(folder: Path, *arguments: str) -> str:
    """Run Snakemake by its path, with an environment in which nothing is set up; return what it says."""
    run = subprocess.run(
        [SNAKEMAKE, "--cores", "2", *arguments],
        cwd=folder,
        env={"HOME": os.environ.get("HOME", "/"), "PATH": "/usr/local/bin:/usr/bin:/bin"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert run.returncode == 0, run.stdout
    return run.stdout


@pytest.fixture(scope="module")
def figure(project: Project) -> bytes:
    """Make a figure in the project's own folder."""
    snakemake(project.path, "fig_training", "--config", "scale=smoke")
    return (project.path / FIGURE).read_bytes()


def test_bare_snakemake_plans_the_paper(project: Project) -> None:
    """Fails if plain `snakemake` says that nothing is to be done, or makes one rule only."""
    for arguments in ([], ["-s", "workflow/Snakefile"]):
        said = snakemake(project.path, "-n", *arguments, "--config", "scale=smoke")
        assert "build_paper" in said


@pytest.mark.parametrize("sign", ["{", "}"])
def test_a_folder_with_a_brace_is_named(fresh_project: Project, tmp_path: Path, sign: str) -> None:
    """Fails if what Snakemake cannot take, a path that looks like a pattern, ends in a traceback."""
    project = fresh_project.copy(tmp_path / f"a {sign}run")
    run = project.snakemake("-n")
    assert run.returncode == 1
    assert f"error: {project.path}: the name of this folder has a '{sign}'" in run.stdout
    assert "Traceback" not in run.stdout


def test_a_folder_that_cannot_be_written_is_named(
    fresh_project: Project, tmp_path: Path, mount: Mount
) -> None:
    """Fails if a working directory on a read-only file system ends in a traceback of Snakemake's."""
    mount(tmp_path / "fixed", "ro")
    command = [SNAKEMAKE, "-n", "-s", fresh_project.path / "workflow/Snakefile", "--cores", "1"]
    run = subprocess.run(command, cwd=tmp_path / "fixed", capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"error: {tmp_path}/fixed: cannot be written, and Snakemake keeps its notes here" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_folder_whose_name_is_no_text_is_named(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if a name that is no UTF-8, as of an old archive, ends in tracebacks."""
    folder = os.fsencode(tmp_path) + b"/gr\xfc\xdfe"
    shutil.copytree(os.fsencode(fresh_project.path), folder, symlinks=True)
    run = subprocess.run(
        [SNAKEMAKE, "-n", "fig1", "--config", "scale=smoke"], cwd=folder, capture_output=True, check=False
    )
    assert run.returncode == 1
    assert b"gr\\udcfc\\udcdfe': the name of this folder is no UTF-8" in run.stderr
    assert b"Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("program", "folder", "sign"),
    [
        ("/home/ana/Ana's work/.venv/bin/python", "/home/ana", "'"),
        ("/home/ana/my work/.venv/bin/python", "/home/ana/my work", " "),
        ("/home/ana/.venv/bin/python", "/scratch/$USER", "$"),
        ("/home/größe/a-b_c.d/python3.11", "/home/my work (2)/größe's", None),
    ],
)
def test_on_a_cluster_what_a_shell_would_read_is_named(program: str, folder: str, sign: str | None) -> None:
    """Fails if such a path is found by the first job ("unexpected EOF while looking for matching")."""
    if sign is None:
        require_plain(program, Path(folder))
        return
    with pytest.raises(ClusterError, match=rf"{re.escape(sign)}' in its name, with which Snakemake cannot"):
        require_plain(program, Path(folder))


@pytest.mark.slow
def test_built_from_another_folder(project: Project, figure: bytes, tmp_path: Path) -> None:
    """Fails if a source is looked for in the working directory, or the bytes depend on it."""
    workflow = project.path / "workflow" / "Snakefile"
    arguments = ("-s", str(workflow), "--directory", str(tmp_path), "--config", "scale=smoke", "--", FIGURE)
    snakemake(tmp_path.parent, *arguments)
    assert (tmp_path / FIGURE).read_bytes() == figure
    assert "Nothing to be done" in snakemake(tmp_path.parent, *arguments)


@pytest.mark.slow
def test_built_as_a_module(project: Project, figure: bytes, tmp_path: Path) -> None:
    """Fails if our targets become the host's, settings leak either way, or nothing can be built."""
    snakefile = str(project.path / "workflow" / "Snakefile")
    (tmp_path / "Snakefile").write_text(HOST.format(figure=FIGURE, snakefile=snakefile))
    planned = snakemake(tmp_path, "-n", "--config", "samples=mine", "scale=paper", "overlay=of_the_host.yaml")
    assert "i_draw_figure" in planned and FIGURE in planned
    said = snakemake(tmp_path)
    assert (tmp_path / FIGURE).read_bytes() == figure
    assert (tmp_path / "told.txt").read_text() == "PYTHONPATH=\n"
    assert "i_train_model" in said
    assert "build_paper" not in said
    assert "Nothing to be done" in snakemake(tmp_path)


@pytest.mark.slow
def test_results_move_with_the_folder(project: Project, figure: bytes, tmp_path: Path) -> None:
    """Fails if something that Snakemake compares holds the path of a machine."""
    copy = project.copy(tmp_path / "moved")
    assert "Nothing to be done" in snakemake(copy.path, "fig_training", "--config", "scale=smoke")


def test_dry_run_writes_nothing(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if looking at the plan writes results, settings or logs."""
    project = tiny_project.copy(tmp_path / "project")
    (project.path / "mine.yaml").write_text("base: {training: {batch_size: 8}}")
    before = tree(project.path)
    snakemake(project.path, "-n", "--config", "scale=smoke", "overlay=mine.yaml")
    assert tree(project.path) == before
    why = project.tool("why", "fig1", "--scale=smoke", "--overlay=mine.yaml")
    assert "jobs" in why.stdout.splitlines()[-1], why.stdout
    assert tree(project.path) == before


def tree(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Return date and content of every file that is neither Snakemake's own nor Python's."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not {".snakemake", "__pycache__"} & {*path.parts}
    }
