"""A fresh clone with a restored bundle: only figures and the paper are made, and Snakemake alone decides."""

import shutil
from pathlib import Path

import pytest
from support import Paper, Project, fingerprints

DRAWN = {"draw_figure": 2, "write_table": 1, "write_numbers": 1, "build_paper": 1}


@pytest.fixture
def clone(tiny_project: Project, bundle: Path, tmp_path: Path) -> Project:
    """A fresh clone that comes with the bundle, restored."""
    project = tiny_project.copy(tmp_path / "clone")
    shutil.rmtree(project.path / "bundles", ignore_errors=True)
    (project.path / "bundles").mkdir()
    shutil.copy(bundle, project.path / "bundles")
    said = project.verb("restore", "--shipped", "smoke")
    assert said.returncode == 0, said.stdout
    assert "restored" in said.stdout
    return project


def test_paper_from_the_bundle_is_the_paper(clone: Project, tiny_paper: Paper) -> None:
    """Fails if anything is trained, a byte of a figure or the PDF differs, or a second call does anything."""
    assert clone.planned() == DRAWN
    run = clone.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert "5 jobs computed, " in run.stdout and " results taken from a bundle.\n" in run.stdout
    found, expected = fingerprints(clone), fingerprints(tiny_paper)
    assert {name for name in found if found[name] != expected[name]} == set()
    for name in ("paper.pdf", "figures/fig1.pdf", "latex/numbers.tex"):
        assert (clone.results() / name).read_bytes() == (tiny_paper.results() / name).read_bytes()
    assert clone.planned() == {}
    assert clone.verb("restore", "--shipped", "smoke").returncode == 0
    assert clone.planned() == {}


def test_without_the_profile_dates_decide_and_agree(clone: Project) -> None:
    """Fails if files over Snakemake's own limit, which are compared by date, seem older than their inputs."""
    # A limit of no byte at all: every file is compared by its date.
    assert (
        clone.planned("--cores", "1", "--max-checksum-file-size", "0", "--workflow-profile", "none") == DRAWN
    )


def test_edited_solver_reruns_its_dependents_although_they_are_not_here(clone: Project) -> None:
    """Fails if a shipped table counts as current after an edit of code that it came from."""
    with (clone.path / "src/ickrr/solvers/system.py").open("a") as code:
        code.write("\nedited = 1 + 1\n")
    planned = clone.planned()
    assert {"solve_prompts", "compare_run", "judge_claims", "draw_figure"} <= set(planned)
    # What comparing needs, and nothing ships: predictions, and models for them.
    assert planned["train_model"] == 3


def test_edited_style_redraws_and_no_more(clone: Project) -> None:
    """Fails if an edit of what only figures use reaches back."""
    with (clone.path / "src/ickrr/report/style.py").open("a") as code:
        code.write("\nedited = 1 + 1\n")
    assert {"draw_figure", "build_paper"} <= set(clone.planned()) <= set(DRAWN)


def test_changed_key_reruns_exactly_what_depends_on_it(clone: Project) -> None:
    """Fails if another run is trained, or a table of the changed run stays."""
    (clone.path / "mine.yaml").write_text("runs: {noise_low: {training: {gradient_clip: 2.0}}}\n")
    planned = clone.planned("--config", "scale=smoke", "overlay=mine.yaml")
    assert planned["train_model"] == planned["probe_model"] == planned["compare_run"] == 1


def test_nothing_is_restored_unasked(tiny_project: Project, bundle: Path, tmp_path: Path) -> None:
    """Fails if plain snakemake takes shipped results, or says nothing of them."""
    project = tiny_project.copy(tmp_path / "clone")
    (project.path / "bundles").mkdir(exist_ok=True)
    shutil.copy(bundle, project.path / "bundles" / "smoke-tables.tar.xz")
    assert project.planned()["train_model"] == 3
    target = "results/smoke/prompts/spherical-fit.safetensors"
    run = project.snakemake(target, "--cores", "1")
    assert "bundles/smoke-tables.tar.xz holds finished results" in run.stdout
    assert not (project.results() / "tables").exists()


def test_own_results_stay(clone: Project) -> None:
    """Fails if `make paper` overwrites results of somebody's own, or stops because of them."""
    table = clone.results() / "tables/spherical/errors.parquet"
    table.write_bytes(b"mine")
    said = clone.verb("restore", "--shipped", "smoke")
    assert said.returncode == 0
    assert (
        "your own results stay: results/smoke/tables/spherical/errors.parquet: there already" in said.stdout
    )
    assert table.read_bytes() == b"mine"
