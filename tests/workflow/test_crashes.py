"""Kill -9 of jobs, of Snakemake, and of both, at random moments: the results end up the same bytes."""

import contextlib
import os
import random
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from support import Paper, Project, fingerprints, snakemake_command

SEED = 2605


def jobs_of(driver: psutil.Process) -> list[psutil.Process]:
    """Processes that a driver has started, directly or not."""
    try:
        return driver.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def disturbed(project: Project, kills: int, chance: random.Random) -> list[str]:
    """Start the paper again and again, and kill what runs at random moments; return what was killed."""
    done = []
    for _ in range(kills):
        driver = subprocess.Popen(
            snakemake_command("--cores", "2"),
            cwd=project.path,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Long enough that most kills meet a job, short enough that the paper is not finished before the last.
        with contextlib.suppress(subprocess.TimeoutExpired):
            driver.wait(timeout=chance.uniform(3.0, 14.0))
        victim = chance.choice(["job", "driver", "both"])
        jobs = jobs_of(psutil.Process(driver.pid)) if driver.poll() is None else []
        if driver.poll() is None and victim != "job":
            driver.kill()
        for job in jobs if victim != "driver" else []:
            try:
                os.kill(job.pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        done.append(victim)
        if victim == "job" and driver.poll() is None:
            # It goes on with what does not need the killed job; the next round must find it gone.
            time.sleep(0.5)
            driver.kill()
        driver.wait()
        unfinished = [path for path in project.results().rglob("*.tmp") if not path.name.startswith(".")]
        assert unfinished == []
    return done


def check(tiny_project: Project, tiny_paper: Paper, place: Path, kills: int) -> None:
    """Make the paper with some kills and compare it with the undisturbed one."""
    project = tiny_project.copy(place)
    done = disturbed(project, kills, random.Random(SEED))
    assert len(done) == kills
    run = project.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout[-3000:]
    expected, found = fingerprints(tiny_paper), fingerprints(project)
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


def test_second_driver_is_refused_in_one_line(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if two drivers write in one folder, or the second changes the settings of the first."""
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
    assert other.returncode == 1
    assert "would change while process" in other.stdout
    assert "Traceback" not in second.stdout + other.stdout
