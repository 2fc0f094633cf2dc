"""After kill -9 of jobs, of Snakemake or of both at random moments, the results are the same bytes."""

import contextlib
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from support import Paper, Project, fingerprints, process_of, snakemake_command

from ickrr.driver.supervision import orphans

SEED = 2605


def jobs_of(driver: psutil.Process) -> list[psutil.Process]:
    """Return the processes that a driver has started, directly or not."""
    try:
        return driver.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def wait_for_a_job(driver: subprocess.Popen[bytes]) -> bool:
    """Wait until a driver has started a job, and return whether it did before it ended."""
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

    After every kill, every file with its final name must be the same as in the undisturbed paper.
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
            # It continues with what does not need the killed job, and is then killed too.
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


@pytest.mark.slow
def test_many_kills_change_nothing(tiny_project: Project, tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if a kill at any of many moments leaves half a file, a lock, a second writer, or other bytes."""
    check(tiny_project, tiny_paper, tmp_path / "crashed", 21)


LONG = "runs:\n  spherical: {training: {steps: 4000, checkpoint_every: 50, validate_every: 2000}}\n"
STATE = "state/spherical/seed0.safetensors"
WEIGHTS = "results/smoke/trained/spherical/seed0/weights.safetensors"


@contextlib.contextmanager
def long_training(project: Project, shell: str = ":") -> Iterator[subprocess.Popen[str]]:
    """Run Snakemake, in a process group of its own, for one training of minutes.

    Args:
        project: the checkout to run in.
        shell: what the shell of the training runs before anything else.
    """
    (project.path / "long.yaml").write_text(LONG)
    (project.path / "before.sh").write_text(
        f"[[ $BASH_EXECUTION_STRING != *train_model* ]] || {{ {shell}; }}"
    )
    arguments = [WEIGHTS, "--cores", "1", "--config", "scale=smoke", "overlay=long.yaml"]
    driver = subprocess.Popen(
        snakemake_command(*arguments),
        cwd=project.path,
        env={**os.environ, "BASH_ENV": str(project.path / "before.sh")},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield driver
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(driver.pid, signal.SIGKILL)
        driver.wait()


def wait_for(holds: Callable[[], bool], patience: float = 60.0) -> None:
    """Wait until a condition holds."""
    until = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


def training_log(project: Project) -> str:
    """Return the log of the long training, empty before there is one."""
    path = project.path / "logs/smoke/train_model/spherical/seed0.log"
    return path.read_text() if path.exists() else ""


def require_stopped(project: Project, driver: subprocess.Popen[str]) -> str:
    """Wait for a driver that was told to stop, check that it left nothing, and return what it printed."""
    said, _ = driver.communicate(timeout=60)
    assert driver.returncode == 1, said
    assert "Traceback" not in said
    assert not (project.path / WEIGHTS).exists()
    assert orphans(project.path) == []
    assert list(project.results().rglob("*.tmp")) == []
    return said


def saved_step(project: Project) -> int:
    """Return the step that the training saved when it was told to stop."""
    found = re.search(r"received SIGTERM; saved step (\d+) of 4000", training_log(project))
    assert found, training_log(project)
    return int(found[1])


def test_termination_of_the_driver_alone_saves_trainings(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if SIGTERM waits for a long training, loses its steps, or leaves something half-written."""
    project = tiny_project.copy(tmp_path / "budget")
    with long_training(project) as driver:
        wait_for((project.results() / STATE).exists)
        began = time.monotonic()
        driver.terminate()
        assert "SIGTERM: nothing new is started" in require_stopped(project, driver)
        assert time.monotonic() - began < 30
    step = saved_step(project)
    state = (project.results() / STATE).stat().st_mtime_ns
    with long_training(project) as driver:
        wait_for(lambda: f"resumes after step {step}\n" in training_log(project))
        # It says so before it starts: only when it has saved again, there is something to lose.
        wait_for(lambda: (project.results() / STATE).stat().st_mtime_ns > state)
        driver.terminate()
        require_stopped(project, driver)
    assert saved_step(project) > step


def test_termination_of_the_whole_group_waits_for_trainings(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if a job's shell dies before its training has saved, and Snakemake takes it for ended.

    That is what `timeout 50m snakemake` does. The training is held up, so that there is time to look.
    """
    project = tiny_project.copy(tmp_path / "group")
    with long_training(project) as driver:
        training = process_of(driver, "train_model")
        wait_for((project.results() / STATE).exists)
        training.suspend()
        os.killpg(driver.pid, signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            driver.wait(timeout=5)
        training.resume()
        require_stopped(project, driver)
    assert saved_step(project) > 0


def test_termination_reaches_a_job_that_is_just_starting(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if a training whose shell had not started it yet when SIGTERM came runs to its end."""
    project = tiny_project.copy(tmp_path / "starting")
    with long_training(project, shell="touch started; sleep 3") as driver:
        wait_for((project.path / "started").exists)
        driver.terminate()
        require_stopped(project, driver)


@pytest.mark.slow
def test_a_paper_stopped_five_times_is_the_same(
    smoke_paper: Paper, fresh_project: Project, tmp_path: Path
) -> None:
    """Fails if a time budget changes a byte, or leaves something running or half-written.

    SIGTERM goes to the driver alone, and every other time to its whole process group.
    """
    project = fresh_project.copy(tmp_path / "stopped")
    chance = random.Random(SEED)
    for stop in (os.kill, os.killpg, os.kill, os.killpg, os.kill):
        driver = subprocess.Popen(
            snakemake_command("--cores", "2"),
            cwd=project.path,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert wait_for_a_job(driver)
        time.sleep(chance.uniform(5.0, 25.0))
        stop(driver.pid, signal.SIGTERM)
        assert driver.wait(timeout=60) == 1
        assert orphans(project.path) == []
        assert list(project.results().rglob("*.tmp")) == []
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
