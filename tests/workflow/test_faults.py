"""A full disk, a read-only disk and a corrupted file each end in one sentence; then the run can continue."""

import re
from pathlib import Path

import pytest
from support import Mount, Project

EVALUATION = "results/smoke/prompts/spherical-evaluation.safetensors"
OTHERS = "results/smoke/prompts/spherical_low_noise-evaluation.safetensors"
SOLVED = "results/smoke/trajectories/spherical-evaluation/richardson.safetensors"
TARGETS = (SOLVED, OTHERS)

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tiny_project: Project, tmp_path: Path) -> Project:
    """A checkout without results that a test may spoil."""
    return tiny_project.copy(tmp_path / "project")


def run_and_fail(project: Project, *expected: str) -> None:
    """Make the targets; one job must fail, with these words in the only message of its log."""
    run = project.snakemake(*TARGETS, "--cores", "1", "--keep-going")
    assert run.returncode == 1, run.stdout
    assert "Traceback" not in run.stdout
    (message,) = (project.path / "logs/smoke/solve_prompts/spherical.log").read_text().splitlines()
    assert all(part in message for part in expected), message
    # Snakemake shows the log of the failed job.
    said = [line for line in run.stdout.splitlines() if line.startswith("error: ")]
    assert set(said) == {message}, run.stdout
    # What does not need the failed job is made all the same.
    assert (project.path / OTHERS).exists()


def run_to_the_end(project: Project, planned: dict[str, int]) -> None:
    """Check that only what is missing is planned, and make it."""
    assert project.planned(*TARGETS) == planned
    run = project.snakemake(*TARGETS, "--cores", "1")
    assert run.returncode == 0, run.stdout
    assert all((project.path / name).exists() for name in TARGETS)
    assert project.planned(*TARGETS) == {}


def test_a_full_disk(project: Project, mount: Mount) -> None:
    """Fails if the job ends in a traceback or leaves half a file, or everything is made again afterwards."""
    # One folder above the outputs, whose folder Snakemake removes when it is left empty.
    disk = project.results() / "trajectories"
    unmount = mount(disk, "size=16k")
    run_and_fail(project, "the disk is full: free some space, and run it again", "trajectories/spherical")
    assert not [path for path in disk.rglob("*") if path.is_file()]
    unmount()
    run_to_the_end(project, {"solve_prompts": 1})


def test_a_read_only_folder_of_results(project: Project, mount: Mount) -> None:
    """Fails if it is noticed only after jobs have run, or in more than one line."""
    unmount = mount(project.results(), "ro")
    run = project.snakemake(*TARGETS, "--cores", "1")
    assert run.returncode == 1
    (message,) = [line for line in run.stdout.splitlines() if "error" in line.lower()]
    assert message.startswith("error: results/smoke: cannot be written (Read-only file system)")
    assert "Traceback" not in run.stdout
    assert not re.search(r"^Job \d", run.stdout, re.MULTILINE), run.stdout  # as Snakemake begins each job
    unmount()
    run_to_the_end(project, {"sample_prompts": 2, "solve_prompts": 1})


def test_a_corrupted_input(project: Project) -> None:
    """Fails if a damaged file is read as if it were whole, or cannot be made again by deleting it."""
    prompts = project.path / EVALUATION
    run = project.snakemake(EVALUATION, "--cores", "1")
    assert run.returncode == 0, run.stdout
    whole = prompts.read_bytes()
    prompts.write_bytes(whole[:-8] + bytes(8))
    run_and_fail(project, f"{EVALUATION}: is not what rule sample_prompts wrote", "damaged or edited since")
    assert not (project.path / SOLVED).exists()
    prompts.unlink()
    run_to_the_end(project, {"sample_prompts": 1, "solve_prompts": 1})
    assert prompts.read_bytes() == whole
