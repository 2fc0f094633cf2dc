"""The driver: one a folder, killed and started again, on a full queue, with a profile that is wrong."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

# Writes line by line, as the two writers of a corrupted file would, until the test lets it end.
SLOW = "while echo $SLURM_JOB_ID >> slow.part; [ ! -e enough ]; do sleep 1; done; mv slow.part slow.txt"


def local(made, *arguments: str) -> subprocess.CompletedProcess:
    """Plain Snakemake on this machine, in the same folder."""
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    env = made.slurm.environment | {"PYTHONPATH": os.environ.get("PYTHONPATH", "")}
    return subprocess.run(
        command, cwd=made.path, env=env, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def killed(workflow):
    """A driver killed with SIGKILL while its job runs, attempts beside it, and a driver after it."""
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
    """Fails if the old job goes on beside the new one, or the stale lock needs a hand."""
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


@pytest.fixture
def small_slurm(slurm):
    """A SLURM that takes two jobs at a time and forgets them seconds after their end."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    cluster = type(slurm)(folder, min_job_age=2, max_jobs=2)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def test_full_queue_and_short_memory(workflow, small_slurm):
    """Fails if a submission that has to wait is an error, or a job that SLURM has forgotten is lost."""
    names = [f"job{i}" for i in range(5)]
    made = workflow({name: (f"hostname > {name}.txt", "") for name in names}, slurm=small_slurm)
    code, printed = made.run(seconds=400)
    assert code == 0, printed
    assert "waits to be submitted" in printed
    assert [len(made.started(name)) for name in names] == [1] * 5


def test_job_that_ended_before_its_lost_answer_was_asked_for(workflow, small_slurm):
    """Fails if a job whose confirmation got lost is run again when it is done, or forgotten, by then."""
    made = workflow({"short": ("hostname > short.txt", "")}, slurm=small_slurm)
    (small_slurm.folder / "lost.sbatch").touch()
    driver = made.start()
    made.wait_for(lambda: "short waits to be submitted: sbatch" in made.printed(), "lost answer")
    (small_slurm.folder / "fail.squeue").touch()
    made.wait_for((made.path / "short.txt").exists, "end of the job")
    made.wait_for(lambda: "short waits to be submitted: squeue" in made.printed(), "unanswered question")
    time.sleep(3)  # more than the two seconds that this controller remembers a job
    (small_slurm.folder / "fail.squeue").unlink()
    printed = made.finish(driver)
    assert driver.returncode == 0, printed
    assert len(made.started("short")) == 1


def test_job_that_can_never_start_is_cancelled_and_sent_again(workflow, slurm):
    """Fails if the driver waits for ever for a job that the partition no longer admits."""
    made = workflow(
        {"late": ("hostname > late.txt", "runtime=2, slurm_partition='short', slurm_extra='--begin=now+5'")}
    )
    driver = made.start()
    made.wait_for(made.jobs, "first job")
    slurm.run("scontrol", "update", "PartitionName=short", "MaxTime=1")
    try:
        printed = made.finish(driver)
    finally:
        slurm.run("scontrol", "update", "PartitionName=short", "MaxTime=2")
    assert driver.returncode == 0, printed
    assert "can never start (PartitionTimeLimit)" in printed
    assert made.states("late") == ["CANCELLED", "COMPLETED"]


def test_profile_that_names_no_such_partition(workflow):
    """Fails if a job is submitted, or the message does not say which key is wrong and what is there."""
    made = workflow({"ok": ("true", "")}, default_resources={"slurm_partition": "nope"})
    code, printed = made.run(seconds=60)
    assert code == 1
    (line,) = printed.splitlines()
    assert "profile.yaml: default-resources.slurm_partition is 'nope'" in line
    assert "allowed: cpu, gpu, short, scavenge, high" in line
    assert made.jobs() == []


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
