"""If an ablation is added or removed, only it and the figures that list it run."""

from pathlib import Path

import pytest
from support import Paper, Project

OVERLAY = ("--config", "scale=smoke", "overlay=mine.yaml")


@pytest.fixture
def project(tiny_paper: Paper, tmp_path: Path) -> Project:
    """Copy a finished tiny paper to another directory."""
    return tiny_paper.copy(tmp_path / "paper")


def test_added_ablation_is_trained_alone(project: Project) -> None:
    """Fails if a new run retrains another, or redraws a figure that does not list it."""
    (project.path / "mine.yaml").write_text(
        "runs: {wider: {task: spherical, model: {width: 48}}}\n"
        "figures: {fig1: {runs: [spherical, noise_low, wider]}}\n"
    )
    planned = project.planned("figures", *OVERLAY)
    assert planned == {
        "train_model": 1,
        "probe_model": 1,
        "compare_run": 1,
        "draw_figure": 1,
    }


def test_removed_ablation_leaves_no_curve(project: Project) -> None:
    """Fails if a figure keeps the curve of a run that its list no longer has."""
    figure = project.results() / "figures" / "fig1.pdf"
    before = figure.read_bytes()
    (project.path / "mine.yaml").write_text("figures: {fig1: {runs: [spherical]}}\n")
    assert project.planned("figures", *OVERLAY) == {"draw_figure": 1}
    run = project.snakemake("--cores", "1", "figures", *OVERLAY)
    assert run.returncode == 0, run.stdout
    assert figure.read_bytes() != before
    assert "noise_low" not in (project.path / "logs/smoke/draw_figure/fig1.ipynb").read_text()


def test_removed_run_is_not_made_again(project: Project) -> None:
    """Fails if removing a run plans anything but what listed it."""
    config = project.path / "config.yaml"
    text = config.read_text()
    assert "  noise_low:\n    task: spherical_low_noise\n" in text
    text = text.replace("  noise_low:\n    task: spherical_low_noise\n", "")
    config.write_text(text.replace("    - noise_low\n", ""))
    planned = project.planned()
    assert not {"train_model", "probe_model", "solve_prompts", "compare_run"} & set(planned)
    assert planned["draw_figure"] == 1
