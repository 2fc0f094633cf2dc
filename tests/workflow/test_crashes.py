"""Kill -9 of jobs, of Snakemake, and of both, at random moments: the results end up the same bytes."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from support import Paper, Project, fingerprints, process_of, snakemake_command

SEED = 2605


def jobs_of(driver: psutil.Process) -> list[psutil.Process]:
    """Processes that a driver has started, directly or not."""
    try:
        return driver.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_for_a_job(driver: subprocess.Popen[bytes]) -> bool:
    """Wait until a driver has started a job; tell whether it did before it ended."""
    while driver.poll() is None:
        if jobs_of(psutil.Process(driver.pid)):
            return True
        time.sleep(0.02)
    return False


def start_over(project: Project) -> None:
    """Forget all results of a paper that was finished between two kills, so that the next one meets work."""
    for folder in ("results", ".snakemake"):
        shutil.rmtree(project.path / folder)


def disturbed(project: Project, kills: int, chance: random.Random, expected: dict[str, str]) -> list[str]:
    """Start the paper again and again and kill what runs at random moments; return what was killed.

    After every kill, whatever is there under its final name must be what it is in the undisturbed paper.
    """
    done: list[str] = []
    while len(done) < kills:
        driver = subprocess.Popen(
            snakemake_command("--cores", "2"),
            cwd=project.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        if not wait_for_a_job(driver):
            assert driver.wait() == 0
            start_over(project)
            continue
        with contextlib.suppress(subprocess.TimeoutExpired):
            driver.wait(timeout=chance.uniform(0.0, 6.0))
        jobs = jobs_of(psutil.Process(driver.pid)) if driver.poll() is None else []
        if not jobs:
            driver.kill()
            driver.wait()
            continue
        victim = chance.choice(["job", "driver", "both"])
        if victim != "job":
            driver.kill()
        for job in jobs if victim != "driver" else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(job.pid, signal.SIGKILL)
        done.append(victim)
        if victim == "job":
            # It goes on with what does not need the killed job, and is then killed too.
            time.sleep(chance.uniform(0.0, 2.0))
            driver.kill()
        driver.wait()
        visible = fingerprints(project, hidden=False)
        assert {name for name, found in visible.items() if expected.get(name) != found} == set()
    return done


def check(tiny_project: Project, tiny_paper: Paper, place: Path, kills: int) -> None:
    """Make the paper with some kills and compare it with the undisturbed one."""
    project = tiny_project.copy(place)
    expected = fingerprints(tiny_paper)
    done = disturbed(project, kills, random.Random(SEED), expected)
    assert len(done) == kills
    assert len(set(done)) == 3 or kills < 5
    run = project.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout[-3000:]
    found = fingerprints(project)
    assert {name for name in expected | found if expected.get(name) != found.get(name)} == set()
    assert (project.results() / "paper.pdf").exists()
    assert not list((project.results() / "state").rglob("*.safetensors"))
    assert project.planned() == {}


def test_some_kills_change_nothing(tiny_project: Project, tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if a kill leaves a half-written file, a stale lock, a second writer, or other bytes."""
    check(tiny_project, tiny_paper, tmp_path / "crashed", 3)


@pytest.mark.slow
def test_many_kills_change_nothing(tiny_project: Project, tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails as the test above, at twenty-one moments."""
    check(tiny_project, tiny_paper, tmp_path / "crashed", 21)


LONG = "runs:\n  spherical: {training: {steps: 4000, checkpoint_every: 50, validate_every: 2000}}\n"


def test_termination_of_the_driver_alone_saves_trainings(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if SIGTERM waits for a long training, loses its steps, or leaves something half-written."""
    project = tiny_project.copy(tmp_path / "budget")
    (project.path / "long.yaml").write_text(LONG)
    weights = "results/smoke/trained/spherical/seed0/weights.safetensors"
    arguments = [weights, "--cores", "1", "--config", "scale=smoke", "overlay=long.yaml"]
    driver = subprocess.Popen(
        snakemake_command(*arguments),
        cwd=project.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    process_of(driver, "train")
    log = project.path / "logs/smoke/train_model/spherical/seed0.log"
    state = project.results() / "state/spherical/seed0.safetensors"
    until = time.monotonic() + 60
    while not state.exists() and time.monotonic() < until:
        time.sleep(0.05)
    began = time.monotonic()
    driver.terminate()
    said, _ = driver.communicate(timeout=60)
    assert time.monotonic() - began < 30
    assert driver.returncode == 1, said
    assert "SIGTERM: 1 job(s) are told to stop" in said
    assert not (project.path / weights).exists()
    stopped = re.search(r"received SIGTERM; saved step (\d+) of 4000", log.read_text())
    assert stopped, log.read_text()
    run = project.snakemake(*arguments)
    assert run.returncode == 0, run.stdout
    assert f"goes on after step {stopped[1]}" in log.read_text()


@pytest.mark.slow
def test_a_paper_stopped_five_times_is_the_same(
    smoke_paper: Paper, fresh_project: Project, tmp_path: Path
) -> None:
    """Fails if a time budget, SIGTERM to the driver alone, changes a byte or repeats what was finished."""
    project = fresh_project.copy(tmp_path / "stopped")
    chance = random.Random(SEED)
    for _ in range(5):
        driver = subprocess.Popen(
            snakemake_command("--cores", "2"),
            cwd=project.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(chance.uniform(12.0, 30.0))
        driver.terminate()
        assert driver.wait(timeout=60) == 1
    run = project.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout[-3000:]
    expected, found = fingerprints(smoke_paper), fingerprints(project)
    varying = {"tables/tab_cost.csv", "tables/tab_cost.parquet"}
    differing = {name for name in expected | found if expected.get(name) != found.get(name)}
    assert differing - varying == set()
    assert project.planned() == {}


def test_second_driver_is_refused_in_one_line(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if two drivers write in one folder, or nobody may look at a plan meanwhile."""
    project = tiny_project.copy(tmp_path / "two")
    first = subprocess.Popen(
        snakemake_command("--cores", "1", "figures"),
        cwd=project.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert first.stdout is not None
    try:
        for line in first.stdout:
            if line.startswith("Job "):
                break
        else:
            pytest.fail("the first driver ended without a job")
        second = project.snakemake("--cores", "1", "figures")
        other = project.snakemake("-n", "--config", "scale=smoke", "seed=1")
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 1
    assert "is already running this pipeline here; wait for it" in second.stdout
    assert other.returncode == 0, "to look at another plan disturbs nobody"
    assert "Traceback" not in second.stdout + other.stdout
