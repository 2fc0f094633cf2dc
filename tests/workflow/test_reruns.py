"""An edit reruns exactly what depends on it; tested through the command line."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Paper, Project, git

PAPER = {"build_paper"}
JUDGED = {"judge_claims", "write_table", "write_numbers"} | PAPER
COMPARED = {"compare_run", "check_controls", "draw_figure"} | JUDGED
IDENTIFIED = {"identify_run", "identify_snapshots", "try_identification"}
STUDIED = {"replace_heads", "measure_linearity", "compare_probes", "measure_degree"}
SHOWN = {"draw_figure", "write_numbers"} | PAPER
BUILT_CG = {"run_conjugate_gradient", "measure_width"}
BUILT = {"verify_construction", "tabulate_construction", "build_control", "probe_model", "compare_run"}


@pytest.fixture(scope="module")
def finished(smoke_paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Copy a finished smoke paper to another directory."""
    return smoke_paper.copy(tmp_path_factory.mktemp("finished") / "elsewhere")


@pytest.fixture
def project(finished: Project) -> Iterator[Project]:
    """Give the finished paper to a test that may edit any source; results stay as they are."""
    yield finished
    for command in (["checkout", "-q", "."], ["clean", "-fdq"]):
        git(finished.path, *command)


@pytest.fixture
def own_paper(smoke_paper: Paper, tmp_path: Path) -> Project:
    """Copy a finished smoke paper for a test that changes its results."""
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


@pytest.mark.parametrize("apart", [0, 1], ids=["one date", "dates in another order"])
def test_touching_every_result_reruns_nothing(own_paper: Project, apart: int) -> None:
    """Fails if a date decides instead of content: of results too, as after a copy that keeps no dates."""
    results = sorted(path for path in own_paper.results().rglob("*") if path.is_file())
    now = time.time()
    for position, path in enumerate(results):
        date = now + apart * position  # alphabetically: tables are older than the weights they come from
        os.utime(path, (date, date))
    assert own_paper.planned() == {}


def test_comment_in_the_config_reruns_nothing(project: Project) -> None:
    """Fails if the text of config.yaml counts instead of what it resolves to."""
    project.edit("config.yaml")
    assert project.planned() == {}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "src/ickrr/solvers/system.py",
            {"solve_prompts", "trace_functions", "run_conjugate_gradient"} | COMPARED | IDENTIFIED | STUDIED,
        ),
        (
            "src/ickrr/comparison/probe.py",
            {"probe_model", "sweep_noise", "trace_functions"} | COMPARED | IDENTIFIED | STUDIED,
        ),
        ("src/ickrr/report/figures/learning_curves.py", {"draw_figure"} | PAPER),
        ("src/ickrr/constructions/conjugate/width.py", {"measure_width"} | SHOWN | JUDGED),
        ("src/ickrr/report/statistics/question.py", JUDGED),
        ("src/ickrr/report/statistics/lead.py", JUDGED),
    ],
)
def test_edit_reruns_its_dependents(project: Project, name: str, expected: set[str]) -> None:
    """Fails if an edit retrains, leaves something stale, or reruns what does not read it.

    Which steps each module is part of is tested for all of them in tests/test_code.py.
    """
    edit(project, name)
    assert set(project.planned()) == expected


def edit(project: Project, name: str) -> None:
    """Change the meaning of a module that is there."""
    with (project.path / name).open("r+") as code:
        code.seek(0, 2)
        code.write("\nedited = 1 + 1\n")


def test_comments_docstrings_and_formatting_rerun_nothing(project: Project) -> None:
    """Fails if text decides instead of meaning."""
    for path in (project.path / "src/ickrr").rglob("*.py"):
        text = path.read_text()
        path.write_text(f"# A comment.\n{text}\n\n# And another.\n" if text else text)
    project.edit("src/ickrr/solvers/krylov.py", "Conjugate gradients with", "Gradients, conjugate, with")
    project.edit(
        "src/ickrr/training/muon.py", '"""Smallest divisor of an update:', '"""The least divisor of one:'
    )
    assert project.planned() == {}


def test_where_things_run_reruns_nothing(project: Project) -> None:
    """Fails if results of a machine with a GPU, or of other priorities, would be computed again here."""
    (project.path / "mine.yaml").write_text(
        "compute: {device: cpu, gpus_per_job: 1, first_runs: [clustered]}\n"
    )
    assert project.planned("--config", "scale=smoke", "overlay=mine.yaml") == {}


def test_edit_of_the_entry_point_or_of_provenance_reruns_nothing(project: Project) -> None:
    """Fails if how jobs are started, recorded and checked counts as what they compute."""
    for name in ("__main__", "provenance", "code", "bundles/restoring", "driver/plan", "resources/of_jobs"):
        edit(project, f"src/ickrr/{name}.py")
    assert project.planned() == {}


def test_edit_of_the_text_sets_the_paper(project: Project) -> None:
    """Fails if the paper's sources are not tracked, or more than the paper is made again."""
    project.edit("paper/main.tex", "\\begin{document}", "% edited\n\\begin{document}")
    assert set(project.planned()) == PAPER


def test_adding_is_not_changing(project: Project) -> None:
    """Fails if a new kernel, law, solver or statistic invalidates a result that does not use it."""
    added = {
        "kernels/cubic": "kernels/gaussian",
        "laws/grouped": "laws/uniform",
        "solvers/steepest_descent": "solvers/richardson",
        "report/statistics/last_excess": "report/statistics/excess_share",
    }
    package = project.path / "src/ickrr"
    for new, model in added.items():
        shutil.copy(package / f"{model}.py", package / f"{new}.py")
    assert project.planned() == {}


def test_edit_of_one_solver_leaves_what_does_not_run_it(project: Project) -> None:
    """Fails if what is one solver's own counts for trainings, or for what runs other solvers."""
    edit(project, "src/ickrr/solvers/damped_jacobi.py")
    planned = set(project.planned())
    assert "solve_prompts" in planned
    assert not {"train_model", "trace_functions", "run_conjugate_gradient", "sample_prompts"} & planned


def test_edit_of_one_kernel_reruns_its_tasks(project: Project) -> None:
    """Fails if an edit of a kernel leaves its prompts, or draws those of another."""
    edit(project, "src/ickrr/kernels/linear.py")
    assert project.planned()["sample_prompts"] == 2  # of linear regression, on two laws
    edit(project, "src/ickrr/laws/gaussian.py")
    assert project.planned()["sample_prompts"] == 3


def test_edit_of_one_table_writes_one_table(project: Project) -> None:
    """Fails if the code of a table is an input of the others."""
    edit(project, "src/ickrr/report/tables/ablations.py")
    assert project.planned() == {"write_table": 1, "build_paper": 1}


def test_a_changed_rule_judges_again(project: Project) -> None:
    """Fails if the text of a claim does not reach the paper, or its comments rerun anything."""
    project.edit("claims.yaml")
    assert project.planned() == {}
    project.edit("claims.yaml", "above: 1.5}", "above: 1.4}")
    planned = project.planned()
    assert planned == {"judge_claims": 1, "write_table": 5, "write_numbers": 1, "build_paper": 1}


def test_edit_of_a_notebook_redraws_the_figures_of_its_kind(project: Project) -> None:
    """Fails if the content of a notebook is not tracked."""
    project.edit("workflow/notebooks/error_curves.ipynb", '"cells": [', '"cells":  [')
    assert project.planned() == {}, "formatting"
    project.edit("workflow/notebooks/error_curves.ipynb", "Image(shown(", "1 + 1; Image(shown(")
    assert project.planned() == {"draw_figure": 3, "build_paper": 1}  # fig1, fig4, fig6


def test_deleted_figure_is_drawn_again(own_paper: Project) -> None:
    """Fails if a deleted figure is not noticed, or costs more than itself and the paper."""
    (own_paper.results() / "figures" / "fig1.pdf").unlink()
    assert own_paper.planned() == {"draw_figure": 1, "build_paper": 1}
    assert own_paper.planned("fig1") == {"draw_figure": 1, "fig1": 1}


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


def test_one_figure_is_drawn_alone(own_paper: Project) -> None:
    """Fails if drawing one figure again runs anything else, or gives other bytes."""
    figure = own_paper.results() / "figures" / "fig1.pdf"
    before = figure.read_bytes()
    figure.unlink()
    run = own_paper.snakemake("--cores", "1", "fig1")
    assert run.returncode == 0, run.stdout
    assert "2 of 2 steps" in run.stdout
    assert figure.read_bytes() == before


@pytest.mark.slow
def test_equal_results_make_equal_papers(own_paper: Project) -> None:
    """Fails if the PDF or a figure holds a date, a path or a random identifier."""
    made = [own_paper.results() / "paper.pdf", *(own_paper.results() / "figures").iterdir()]
    before = {path: path.read_bytes() for path in made}
    for path in made:
        path.unlink()
    run = own_paper.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert {path for path in made if path.read_bytes() != before[path]} == set()


def test_a_renamed_run_is_a_new_run(own_paper: Project) -> None:
    """Fails if a run under another name is not trained again, or if weights that were moved pass for its own.

    Fails too if the old name does not find its results again.
    """
    moved = [own_paper.results() / folder for folder in ("trained", "records/trained")]

    def rename(old: str, new: str) -> None:
        for name in ("config.yaml", "workflow/scales/smoke.yaml", "claims.yaml"):
            path = own_paper.path / name
            path.write_text(re.sub(rf"\b{old}\b", new, path.read_text()))

    rename("no_mlp", "without_mlp")
    assert own_paper.planned()["train_model"] == 1
    for folder in moved:
        (folder / "no_mlp").rename(folder / "without_mlp")
    run = own_paper.snakemake("--cores", "1", "results/smoke/predictions/without_mlp/seed0.safetensors")
    assert run.returncode == 1
    assert "trained/without_mlp/seed0/weights.safetensors: is not what rule train_model wrote" in run.stdout
    for folder in moved:
        (folder / "without_mlp").rename(folder / "no_mlp")
    rename("without_mlp", "no_mlp")
    assert own_paper.planned() == {}
