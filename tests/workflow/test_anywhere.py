"""The workflow runs from anywhere: as it lies, from another folder, and as a module of another workflow."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import Project, checkout, make_tiny

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
    """A tiny checkout in a folder whose name has spaces and umlauts."""
    place = tmp_path_factory.mktemp("any") / "mein größtes Projekt"
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
    """A figure made in the project's own folder."""
    snakemake(project.path, "fig_training", "--config", "scale=smoke")
    return (project.path / FIGURE).read_bytes()


def test_bare_snakemake_plans_the_paper(project: Project, figure: bytes) -> None:
    """Fails if plain `snakemake` says that nothing is to be done, or makes one rule only."""
    for arguments in ([], ["-s", "workflow/Snakefile"]):
        said = snakemake(project.path, "-n", *arguments, "--config", "scale=smoke")
        assert "build_paper" in said


def test_built_from_another_folder(project: Project, figure: bytes, tmp_path: Path) -> None:
    """Fails if a source is looked for in the working directory, or the bytes depend on it."""
    workflow = project.path / "workflow" / "Snakefile"
    arguments = ("-s", str(workflow), "--directory", str(tmp_path), "--config", "scale=smoke", "--", FIGURE)
    snakemake(tmp_path.parent, *arguments)
    assert (tmp_path / FIGURE).read_bytes() == figure
    assert "Nothing to be done" in snakemake(tmp_path.parent, *arguments)


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
    why = project.verb("why", "fig1", "--scale=smoke", "--overlay=mine.yaml")
    assert "jobs" in why.stdout.splitlines()[-1], why.stdout
    assert tree(project.path) == before


def tree(folder: Path) -> dict[Path, tuple[int, bytes]]:
    """Date and content of every file that is neither Snakemake's own nor Python's."""
    return {
        path: (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not {".snakemake", "__pycache__"} & {*path.parts}
    }
