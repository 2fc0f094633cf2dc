"""Results of another machine, taken over by `make adopt`: Snakemake makes none of them again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import Project

MADE = {"train_model", "probe_model", "sample_prompts"}


def environment(project: Project) -> dict[str, str]:
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": programs, "PYTHONPATH": str(project.path / "src"), "OMP_NUM_THREADS": "1"}


def adopt(project: Project, source: Path) -> subprocess.CompletedProcess[str]:
    """Run `make adopt` without making the environment anew."""
    return subprocess.run(
        ["make", "--old-file=env", "adopt", f"FROM={source}", "SCALE=smoke"],
        cwd=project.path,
        env=environment(project),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )


@pytest.fixture(scope="module")
def elsewhere(fresh_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Another machine, which has made one run of two seeds."""
    project = fresh_project.copy(tmp_path_factory.mktemp("elsewhere") / "project")
    made = subprocess.run(
        [sys.executable, "-m", "ickrr", "run_batch", "--scale", "smoke", "--runs", "spherical"],
        cwd=project.path,
        env=environment(project),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert made.returncode == 0, made.stdout
    return project


@pytest.mark.slow
def test_adopted_results_are_not_made_again(
    fresh_project: Project, elsewhere: Project, tmp_path: Path
) -> None:
    """Fails if Snakemake plans to train or probe an adopted model, at once or after a checkout renews dates.

    Or if it would not make what was not adopted, or cannot compare what was.
    """
    project = fresh_project.copy(tmp_path / "here")
    before = project.planned()
    run = adopt(project, elsewhere.results())
    assert run.returncode == 0, run.stdout
    assert "7 jobs taken over, 0 refused" in run.stdout
    left = project.planned()
    assert left["train_model"] == before["train_model"] - 2
    assert left["probe_model"] == before["probe_model"] - 2
    assert left["sample_prompts"] == before["sample_prompts"] - 3
    for path in project.path.rglob("src/**/*.py"):
        os.utime(path)
    for name in ("specs", "prompts"):
        for path in (project.results() / name).rglob("*.*"):
            os.utime(path)
    assert project.planned() == left
    tables = ["errors", "learning_curve"]
    targets = [f"results/smoke/tables/spherical/{table}.parquet" for table in tables]
    assert not MADE & set(project.planned(*targets))
    built = project.snakemake("--cores", "2", *targets)
    assert built.returncode == 0, built.stdout
    for path in elsewhere.results().glob("[pt]r[ae]*/**/*.*"):  # predictions, trained
        name = path.relative_to(elsewhere.path)
        assert (project.path / name).read_bytes() == path.read_bytes(), name


def test_folder_that_no_batch_wrote_is_one_message(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if a wrong folder is taken for results, or Snakemake marks anything after it."""
    project = fresh_project.copy(tmp_path / "here")
    run = adopt(project, tmp_path)
    assert run.returncode != 0
    assert (
        f"error: {tmp_path / 'batch.json'}: not there; --source must be a folder that run_batch" in run.stdout
    )
    assert not project.results().exists()
