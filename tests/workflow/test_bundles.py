"""A fresh clone with a bundle of tables draws its figures and sets its paper without training anything."""

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from support import Paper, Project

MODELS = 7  # three trained, four hand-built or random controls
TRAINING = {"sample_prompts", "train_model", "probe_model", "solve_prompts", "compare_run"}
SHIPPED = Path("bundles") / "smoke-tables.tar.xz"


@pytest.fixture(scope="module")
def bundle(tiny_paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of the tiny paper."""
    path = tmp_path_factory.mktemp("bundle") / "tables.tar.xz"
    run = tiny_paper.verb("bundle", "--results", "results/smoke", "--output", str(path))
    assert run.returncode == 0, run.stdout
    return path


@pytest.fixture
def clone(tiny_project: Project, bundle: Path, tmp_path: Path) -> Project:
    """A fresh clone that comes with the bundle."""
    project = tiny_project.copy(tmp_path / "clone")
    (project.path / "bundles").mkdir(exist_ok=True)
    shutil.copy(bundle, project.path / SHIPPED)
    return project


@pytest.fixture(scope="module")
def drawn(
    tiny_project: Project, bundle: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Project, str, float]:
    """A clone whose whole paper was made from the bundle, what that said, and the seconds it took."""
    project = tiny_project.copy(tmp_path_factory.mktemp("drawn") / "clone")
    (project.path / "bundles").mkdir(exist_ok=True)
    shutil.copy(bundle, project.path / SHIPPED)
    began = time.monotonic()
    run = project.snakemake("--cores", "all")
    assert run.returncode == 0, run.stdout[-3000:]
    return project, run.stdout, time.monotonic() - began


@pytest.fixture
def restored(drawn: tuple[Project, str, float], tmp_path: Path) -> Project:
    """A copy of such a clone."""
    return drawn[0].copy(tmp_path / "restored")


def test_paper_from_the_bundle_is_the_paper(drawn: tuple[Project, str, float], tiny_paper: Paper) -> None:
    """Fails if anything is trained, a byte of a figure or of the PDF differs, or the origin is not said."""
    project, said, _ = drawn
    assert not TRAINING & {line.split()[-1].rstrip(")") for line in said.splitlines() if "(Rule: " in line}
    assert "results taken (run of 20" in said
    for name in ("paper.pdf", "figures/fig1.pdf", "figures/fig_training.pdf", "latex/numbers.tex"):
        assert (project.results() / name).read_bytes() == (tiny_paper.results() / name).read_bytes(), name


def test_nothing_is_left_to_do(restored: Project) -> None:
    """Fails if restored results are not recognised as finished, or dates decide."""
    assert restored.planned() == {}
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=restored.path, capture_output=True, text=True, check=True
    )
    now = time.time() + 5
    for name in filter(None, listed.stdout.split("\0")):
        os.utime(restored.path / name, (now, now))
    assert restored.planned() == {}


def test_edit_of_a_figure_draws_it_alone(restored: Project) -> None:
    """Fails if a figure that is drawn again takes the missing ancestors of its tables with it."""
    restored.edit("src/ickrr/report/figures/error_curves.py")
    assert restored.planned("figures") == {"draw_figure": 1}


def test_deleted_table_is_taken_again(restored: Project) -> None:
    """Fails if a table that is gone is computed although the bundle has it."""
    (restored.results() / "tables" / "spherical" / "errors.parquet").unlink()
    assert restored.planned("results/smoke/tables/spherical/errors.parquet") == {"take_restored": 1}


def test_one_hyperparameter_computes_its_run_alone(restored: Project) -> None:
    """Fails if a changed run is taken from the bundle, or drags the others along."""
    (restored.path / "mine.yaml").write_text("runs: {noise_low: {training: {gradient_clip: 2.0}}}\n")
    planned = restored.planned("figures", "--config", "scale=smoke", "overlay=mine.yaml")
    assert planned["train_model"] == planned["tabulate_run"] == planned["draw_figure"] == 1
    assert "take_restored" not in planned
    run = restored.snakemake("-n", "figures", "--config", "scale=smoke", "overlay=mine.yaml")
    assert "specs/runs/noise_low.json has changed (training.gradient_clip: 1.0 -> 2.0)" in run.stdout


def test_edit_of_the_solver_computes_what_it_made(restored: Project) -> None:
    """Fails if tables of another solver are taken."""
    restored.edit("src/ickrr/solvers/krylov.py")
    planned = restored.planned("figures")
    assert planned["solve_prompts"] == 2
    assert planned["tabulate_run"] == 2
    assert "tabulate_training" not in planned


@pytest.mark.parametrize("how", [["--forceall"], ["-F"], ["--config", "scale=smoke", "bundle=off"]])
def test_everything_is_computed_when_asked(clone: Project, how: list[str]) -> None:
    """Fails if there is no way to recompute what the bundle holds."""
    planned = clone.planned("figures", *how)
    assert planned["train_model"] == 3
    assert "take_restored" not in planned


def test_damaged_bundle_stops_before_any_job(clone: Project) -> None:
    """Fails if a damaged bundle is used in part, or ends in a traceback."""
    path = clone.path / SHIPPED
    path.write_bytes(path.read_bytes()[:-100])
    run = clone.snakemake("--cores", "1", "figures")
    assert run.returncode == 1
    assert "smoke-tables.tar.xz: is damaged or truncated" in run.stdout
    assert "Traceback" not in run.stdout
    assert not (clone.results() / "restored").exists()


def test_own_results_are_kept(tiny_paper: Paper, bundle: Path, tmp_path: Path) -> None:
    """Fails if a bundle that comes with an update replaces what was computed here."""
    project = tiny_paper.copy(tmp_path / "own")
    (project.path / "bundles").mkdir(exist_ok=True)
    shutil.copy(bundle, project.path / SHIPPED)
    assert project.planned() == {}
    assert not (project.results() / "restored").exists()
    run = project.verb("restore", str(SHIPPED), "--scale", "smoke")
    assert run.returncode == 0, run.stdout
    assert project.planned() == {}


def planned_with(tier: str, paper: Paper, fresh: Project, folder: Path) -> dict[str, int]:
    """Pack one tier of a finished paper, restore it in a fresh project, and return what is still planned."""
    path = folder / f"{tier}.tar.xz"
    packed = paper.verb("bundle", "--tier", tier, "--results", "results/smoke", "--output", str(path))
    assert packed.returncode == 0, packed.stdout
    project = fresh.copy(folder / "clone")
    assert project.verb("restore", str(path), "--scale", "smoke").returncode == 0
    return project.planned()


def test_bundle_of_predictions_makes_tables(tiny_paper: Paper, tiny_project: Project, tmp_path: Path) -> None:
    """Fails if restored predictions do not spare training, probing and solving."""
    planned = planned_with("predictions", tiny_paper, tiny_project, tmp_path)
    assert planned["compare_run"] == MODELS
    assert not {"sample_prompts", "train_model", "probe_model", "solve_prompts"} & set(planned)


def test_bundle_of_weights_makes_predictions(
    tiny_paper: Paper, tiny_project: Project, tmp_path: Path
) -> None:
    """Fails if restored weights do not spare training."""
    planned = planned_with("weights", tiny_paper, tiny_project, tmp_path)
    assert planned["probe_model"] == MODELS
    assert "train_model" not in planned
