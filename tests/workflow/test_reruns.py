"""What an edit reruns: exactly its dependents, proven through the command line."""

import os
import subprocess
import time
from pathlib import Path

import pytest
from support import Paper, Project

PAPER = {"build_paper"}
JUDGED = {"judge_claims", "write_table", "write_numbers"} | PAPER
COMPARED = {"compare_run", "tabulate_run", "check_controls", "draw_figure"} | JUDGED
SHOWN = {"draw_figure", "write_numbers"} | PAPER
BUILT_CG = {"run_conjugate_gradient", "measure_width"}
BUILT = {"verify_construction", "tabulate_construction", "build_control", "probe_model", "compare_run"}


@pytest.fixture
def project(smoke_paper: Paper, tmp_path: Path) -> Project:
    """A finished smoke paper in another directory."""
    return smoke_paper.copy(tmp_path / "elsewhere")


def test_nothing_to_do_afterwards(project: Project) -> None:
    """Fails if a finished paper, also under another path, is not recognised as finished."""
    assert project.planned() == {}


def test_touching_every_file_reruns_nothing(project: Project) -> None:
    """Fails if a date decides instead of content (as after a checkout)."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=project.path, capture_output=True, text=True, check=True
    )
    now = time.time() + 5
    for name in filter(None, listed.stdout.split("\0")):
        os.utime(project.path / name, (now, now))
    assert project.planned() == {}


def test_comment_in_the_config_reruns_nothing(project: Project) -> None:
    """Fails if the text of config.yaml counts instead of what it resolves to."""
    project.edit("config.yaml")
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "src/ickrr/solvers/krylov.py",
            {"solve_prompts", "trace_functions", "run_conjugate_gradient"} | COMPARED,
        ),
        ("src/ickrr/analysis/probe.py", {"probe_model", "sweep_noise", "trace_functions"} | COMPARED),
        ("src/ickrr/analysis/similarity.py", COMPARED),
        ("src/ickrr/report/figures/error_curves.py", {"draw_figure"} | PAPER),
        ("src/ickrr/report/figures/learning_curves.py", {"draw_figure"} | PAPER),
        (
            "src/ickrr/constructions/contraction.py",
            {"measure_contraction", "tabulate_construction", "draw_figure"} | JUDGED | PAPER,
        ),
        (
            "src/ickrr/constructions/richardson.py",
            BUILT | BUILT_CG | {"check_controls", "tabulate_run", "draw_figure"} | JUDGED | PAPER,
        ),
        ("src/ickrr/constructions/conjugate_relu.py", {"run_conjugate_gradient"} | SHOWN | JUDGED),
        ("src/ickrr/constructions/width.py", {"measure_width"} | SHOWN | JUDGED),
        ("src/ickrr/report/numbers.py", {"write_numbers"} | PAPER),
        ("src/ickrr/report/tables/cost.py", {"write_table"} | PAPER),
        ("src/ickrr/report/statistics.py", JUDGED),
        ("paper/main.tex", PAPER),
        ("src/ickrr/__main__.py", set()),
    ],
)
def test_edit_reruns_its_dependents(project: Project, name: str, expected: set[str]) -> None:
    """Fails if an edit retrains, leaves something stale, or reruns what does not read it."""
    if name.endswith(".tex"):
        project.edit(name, "\\begin{document}", "% edited\n\\begin{document}")
    else:
        project.edit(name)
    assert set(project.planned()) == expected


def test_edit_of_one_table_writes_one_table(project: Project) -> None:
    """Fails if the code of a table is an input of the others."""
    project.edit("src/ickrr/report/tables/ablations.py")
    assert project.planned() == {"write_table": 1, "build_paper": 1}


def test_a_changed_rule_judges_again(project: Project) -> None:
    """Fails if the text of a claim does not reach the paper, or its comments rerun anything."""
    project.edit("claims.yaml")
    assert project.planned() == {}
    project.edit("claims.yaml", "above: 1.5}", "above: 1.4}")
    planned = project.planned()
    assert planned == {"judge_claims": 1, "write_table": 1, "write_numbers": 1, "build_paper": 1}


def test_edit_of_a_notebook_redraws_its_figure(project: Project) -> None:
    """Fails if the content of a notebook is not tracked."""
    project.edit("workflow/notebooks/fig1.ipynb", '"cells": [', '"cells":  [')
    assert project.planned() == {"draw_figure": 1, "build_paper": 1}


def test_deleted_figure_is_drawn_again(project: Project) -> None:
    """Fails if a deleted figure is not noticed, or costs more than itself and the paper."""
    (project.results() / "figures" / "fig1.pdf").unlink()
    assert project.planned() == {"draw_figure": 1, "build_paper": 1}
    assert project.planned("fig1") == {"draw_figure": 1, "fig1": 1}


def test_one_hyperparameter_retrains_only_what_reads_it(project: Project) -> None:
    """Fails if a change of training samples or solves again, or does not retrain."""
    overlay = project.path / "mine.yaml"
    overlay.write_text("runs:\n  noise_low:\n    training:\n      gradient_clip: 2.0\n")
    planned = project.planned("--config", "scale=smoke", "overlay=mine.yaml")
    assert planned["train_model"] == planned["probe_model"] == planned["compare_run"] == 1
    assert not {"sample_prompts", "solve_prompts"} & set(planned)


def test_one_more_seed_trains_once(project: Project) -> None:
    """Fails if adding a seed retrains the others."""
    overlay = project.path / "mine.yaml"
    overlay.write_text("runs:\n  spherical:\n    seeds: [0, 1, 2]\n")
    planned = project.planned("--config", "scale=smoke", "overlay=mine.yaml")
    assert planned["train_model"] == planned["probe_model"] == planned["compare_run"] == 1


def test_one_figure_is_drawn_alone(project: Project) -> None:
    """Fails if drawing one figure again runs anything else, or gives other bytes."""
    figure = project.results() / "figures" / "fig1.pdf"
    before = figure.read_bytes()
    figure.unlink()
    run = project.snakemake("--cores", "1", "fig1")
    assert run.returncode == 0, run.stdout
    assert "2 of 2 steps" in run.stdout
    assert figure.read_bytes() == before


def test_equal_results_make_equal_papers(project: Project) -> None:
    """Fails if the PDF or a figure holds a date, a path or a random identifier."""
    made = [project.results() / "paper.pdf", *(project.results() / "figures").iterdir()]
    before = {path: path.read_bytes() for path in made}
    for path in made:
        path.unlink()
    run = project.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert {path for path in made if path.read_bytes() != before[path]} == set()
