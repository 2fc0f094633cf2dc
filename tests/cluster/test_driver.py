"""The driver on a cluster: a second one, one that is killed and started again, and one told to stop."""

import os
import signal
import subprocess
import sys

import pytest

from ickrr.batch_job import parse_duration

# Asks how long it may last, as trainings do, and writes line by line, as the two writers of a corrupted file
# would, until the test lets it end.
ASKS = "(squeue --noheader --format=%L --jobs=$SLURM_JOB_ID || echo none) > left.txt 2>&1; "
SLOW = (
    ASKS + "while echo $SLURM_JOB_ID >> slow.part; [ ! -e enough ]; do sleep 1; done; mv slow.part slow.txt"
)


def local(made, *arguments: str) -> subprocess.CompletedProcess:
    """Run plain Snakemake on this machine, in the same folder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    env = made.slurm.environment | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    return subprocess.run(
        command, cwd=made.path, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def killed(workflow):
    """Kill a driver while its job runs, try others beside the job, and start a driver after it."""
    made = workflow({"slow": (SLOW, "")})
    first = made.start(output="first.log")
    (made.path / "driver.log").touch()
    made.wait_for(lambda: made.running("slow"), "running job")
    beside = made.start(output="beside.log")
    made.finish(beside, 60, "beside.log")
    first.kill()
    first.wait()
    unlock = local(made, "--unlock")
    alone = local(made, "--rerun-incomplete")
    after = made.start("--", "--quiet", "rules")
    made.wait_for(lambda: "still in the queue" in made.printed(), "word of the job that still runs")
    (made.path / "enough").touch()
    made.finish(after, 200)
    return made, {"beside": beside, "unlock": unlock, "alone": alone, "after": after}


def test_a_job_learns_how_long_it_may_last(killed):
    """Fails if the guards of Snakemake's commands stand in the way of a job."""
    made, _ = killed
    assert (parse_duration((made.path / "left.txt").read_text()) or 0) > 0


def test_second_driver_is_refused(killed):
    """Fails if two drivers work in one folder."""
    made, runs = killed
    assert runs["beside"].returncode == 1
    assert "is already running this pipeline here" in made.printed("beside.log")


def test_local_run_beside_cluster_jobs_is_refused(killed):
    """Fails if plain Snakemake, once unlocked, writes the files that cluster jobs are writing."""
    _, runs = killed
    assert runs["unlock"].returncode == 0, runs["unlock"].stderr
    assert runs["alone"].returncode == 1
    assert "1 cluster job(s) of this folder still run or wait" in runs["alone"].stderr
    assert "Traceback" not in runs["alone"].stderr


def test_restarted_driver_waits_for_the_jobs_of_the_killed_one(killed):
    """Fails if the file has two writers, the job is run twice, or nobody is told why it takes long."""
    made, runs = killed
    printed = made.printed()
    assert runs["after"].returncode == 0, printed
    assert printed.count("still in the queue") == 1
    assert len(made.started("slow")) == 1
    assert set((made.path / "slow.txt").read_text().split()) == set(made.started("slow"))
    assert "Nothing to be done" in printed


def test_restarted_driver_cancels_when_told_to(workflow):
    """Fails if the old job keeps running beside the new one, or the stale lock needs a hand."""
    made = workflow({"slow": (SLOW, "")})
    first = made.start()
    made.wait_for(lambda: made.running("slow"), "running job")
    first.kill()
    first.wait()
    after = made.start("--running", "cancel")
    made.wait_for(lambda: made.states("slow") and made.states("slow")[0] == "CANCELLED", "cancelled job")
    (made.path / "slow.part").unlink()
    (made.path / "enough").touch()
    printed = made.finish(after)
    assert after.returncode == 0, printed
    assert "cancelling 1 job(s) of an earlier run" in printed
    assert made.states("slow") == ["CANCELLED", "COMPLETED"]
    assert set((made.path / "slow.txt").read_text().split()) == {made.job("slow")}


def test_plain_snakemake_on_the_cluster_is_refused(workflow):
    """Fails if somebody who forgets the driver gets a run that may lose its jobs."""
    made = workflow({"ok": ("true", "")})
    run = local(made, "--workflow-profile", "profiles/slurm")
    assert run.returncode == 1
    assert "run it as `python -m slurm_guard submit`" in run.stderr
    assert made.jobs() == []


def test_ctrl_c_leaves_no_job_behind(workflow):
    """Fails if the jobs of an interrupted run stay in the queue."""
    made = workflow({"slow": (SLOW, "")})
    driver = made.start()
    made.wait_for(lambda: made.running("slow"), "running job")
    os.killpg(driver.pid, signal.SIGINT)
    made.finish(driver, 120)
    made.slurm.wait(lambda: made.states("slow") == ["CANCELLED"], "cancelled job", 30)
