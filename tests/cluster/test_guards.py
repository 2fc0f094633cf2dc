"""Each guard compared with Snakemake's plugin alone: what goes wrong without it, and ends well with it.

Two drivers, each in its own folder, meet the same fault: `alone` is plain Snakemake with the profile that we
ship and whatever setting of the plugin may help, `guarded` is `python -m slurm_guard submit`. A test fails if
the plugin alone copes; then the guard can go. The workflows know nothing of the rest of this project.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

PATIENT = {"slurm_status_attempts": 100000, "max_status_checks_per_second": 1}  # asks until it is answered
SOON = {"slurm_init_seconds_before_status_checks": 1}  # looks after 1 s, then 11 s later, 21 s later ...
LOOK = "active jobs with external IDs"  # the plugin says so whenever it has an answer
# Runs until the test lets it end; who of two writes at the same time can be seen in the file.
SLOW = "while echo $SLURM_JOB_ID >> slow.part; [ ! -e enough ]; do sleep 1; done; mv slow.part slow.txt"
FIRST_SLEEPS = "if [ $(wc -l < {name}.started) = 1 ]; then sleep 600; fi; hostname > {name}.txt"


class Pair:
    """The same workflow twice: once for the plugin alone, once for the guarded plugin.

    Where the guard is a hook of the Snakefile, the second workflow is `hooked`.
    """

    def __init__(
        self, workflow: Callable, rules: dict[str, tuple[str, str]], hooked: bool = False, **settings: object
    ) -> None:
        self.alone = workflow(rules, head="", **settings)
        self.guarded = workflow(rules, **({} if hooked else {"head": ""}), **settings)

    @property
    def both(self) -> tuple:
        return self.alone, self.guarded

    def start(self) -> tuple[subprocess.Popen, subprocess.Popen]:
        return self.alone.start(guarded=False), self.guarded.start()

    def wait_for(self, condition: Callable[[object], object], what: str, seconds: float = 60) -> None:
        """Wait until a condition holds for both."""
        for made in self.both:
            made.wait_for(lambda made=made: condition(made), what, seconds)


def assert_waits_for_ever(made, driver: subprocess.Popen) -> None:
    """Check that the plugin looks at its jobs once more, as they are now, and does nothing about them.

    What it does depends only on their states, which are final, so it would do this for ever.
    """
    seen, submitted = made.printed().count(LOOK), made.printed().count("has been submitted")
    made.wait_for(lambda: made.printed().count(LOOK) > seen, "look of the plugin", 120)
    time.sleep(2)
    assert driver.poll() is None
    assert made.printed().count("has been submitted") == submitted
    assert "Trying to restart" not in made.printed()


def finish(made, driver: subprocess.Popen) -> str:
    """Wait for a driver that ends well."""
    printed = made.finish(driver)
    assert driver.returncode == 0, printed
    return printed


def notes(made) -> str:
    """Return what the guards noted."""
    path = made.path / "logs" / "cluster.log"
    return path.read_text() if path.exists() else ""


@pytest.fixture(scope="module")
def small_slurm(slurm):
    """A SLURM that takes one job at a time and forgets it seconds after its end."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    cluster = type(slurm)(folder, min_job_age=5, max_jobs=2)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
    shutil.rmtree(folder)


@pytest.mark.slow
def test_run_is_stopped_while_status_queries_fail(workflow):
    """With few attempts the plugin loses its jobs; with many it cannot be stopped, and its job runs on."""
    # Hooked, since the signal may come during a query, see the next test.
    pair = Pair(workflow, {"slow": (SLOW, "")}, hooked=True, **PATIENT, **SOON)
    alone, guarded = pair.start()
    pair.wait_for(lambda made: made.running("slow"), "running job")
    for made in pair.both:
        (made.path / "fail.squeue").touch()
    pair.alone.wait_for(lambda: "could not check status" in pair.alone.printed(), "failed question")
    pair.guarded.wait_for(lambda: "the status of the jobs is unknown" in notes(pair.guarded), "note")
    for driver in (alone, guarded):
        os.killpg(driver.pid, signal.SIGINT)
    assert guarded.wait(60) == 1
    pair.guarded.slurm.wait(lambda: pair.guarded.states("slow") == ["CANCELLED"], "cancelled job", 30)
    time.sleep(5)
    assert "Terminating processes on user request" in pair.alone.printed()
    assert alone.poll() is None
    assert pair.alone.states("slow") == ["RUNNING"]


@pytest.mark.parametrize("answered", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_run_is_stopped_during_a_status_query(workflow, answered):
    """While the plugin asks for the states of its jobs it knows of none to cancel, and they run on.

    The guard finds them in the queue, or in its own notes if the queue does not answer.
    """
    pair = Pair(workflow, {"slow": (SLOW, "")}, hooked=True, **SOON)
    alone, guarded = pair.start()
    pair.wait_for(lambda made: made.running("slow"), "running job")
    for made in pair.both:
        (made.path / "hold.squeue").touch()
    pair.wait_for(lambda made: (made.path / "held.squeue").exists(), "status query")
    for made, driver in zip(pair.both, (alone, guarded), strict=True):
        os.killpg(driver.pid, signal.SIGINT)
        made.wait_for(lambda made=made: "Terminating processes" in made.printed(), "word of the end")
        if not answered:
            (made.path / "fail.squeue").touch()
        (made.path / "hold.squeue").unlink()
    # The plugin sleeps until its next look before it ends.
    assert [driver.wait(150) for driver in (alone, guarded)] == [1, 1]
    pair.guarded.slurm.wait(lambda: pair.guarded.states("slow") == ["CANCELLED"], "cancelled job", 30)
    assert "cancelling 1 job(s) that Snakemake left in the queue" in notes(pair.guarded)
    assert ("jobs may be left in the queue" in notes(pair.guarded)) == (not answered)
    assert pair.alone.states("slow") == ["RUNNING"]


@pytest.mark.slow
def test_few_attempts_lose_the_jobs(workflow):
    """After as many failed queries as `slurm-status-attempts` allows, the plugin has lost all its jobs."""
    made = workflow({"slow": (SLOW, "")}, head="", **SOON)
    driver = made.start(guarded=False)
    made.wait_for(lambda: made.running("slow"), "running job")
    (made.path / "fail.squeue").touch()
    made.wait_for(lambda: "could not check status" in made.printed(), "failed question")
    made.wait_for(lambda: "No active jobs" in made.printed().split("could not check status")[-1], "lost job")
    (made.path / "fail.squeue").unlink()
    (made.path / "enough").touch()
    made.wait_for((made.path / "slow.txt").exists, "end of the job")
    looks = made.printed().count("No active jobs")
    made.wait_for(lambda: made.printed().count("No active jobs") > looks + 1, "further looks")
    assert driver.poll() is None


@pytest.mark.slow
def test_answered_again_needs_no_guard(workflow):
    """Fails if `slurm-status-attempts` did not make the plugin ask until it is answered."""
    made = workflow({"slow": (SLOW, "")}, head="", **PATIENT, **SOON)
    driver = made.start(guarded=False)
    made.wait_for(lambda: made.running("slow"), "running job")
    (made.path / "fail.squeue").touch()
    made.wait_for(lambda: made.printed().count("could not check status") > 5, "failed questions")
    (made.path / "enough").touch()
    (made.path / "fail.squeue").unlink()
    finish(made, driver)


@pytest.fixture(scope="module")
def forgetful(workflow, small_slurm):
    """Run a job that ends and is forgotten before anyone looks: by sacct, by squeue, and guarded."""
    rules = {"slow": (SLOW, "")}
    by_sacct = workflow(rules, slurm=small_slurm, head="", **PATIENT)
    by_squeue = workflow(rules, slurm=small_slurm, head="", **PATIENT, **SOON)
    guarded = workflow(rules, slurm=small_slurm, head="")
    return by_sacct, by_squeue, guarded


def end_and_be_forgotten(made) -> None:
    """Let the job end when it runs, and wait until the controller has forgotten it."""
    made.wait_for(lambda: made.started("slow"), "running job")
    (made.path / "enough").touch()
    made.wait_for((made.path / "slow.txt").exists, "end of the job")
    made.slurm.wait(lambda: not made.jobs(), "forgotten job", 60)


def test_no_accounting_and_short_memory(forgetful):
    """If SLURM forgets jobs soon, the plugin asks sacct, which never answers without accounting."""
    made = forgetful[0]
    driver = made.start(guarded=False)
    made.wait_for(lambda: "Falling back to 'sacct'" in made.printed(), "question")
    end_and_be_forgotten(made)
    failed = made.printed().count("could not check status")
    made.wait_for(lambda: made.printed().count("could not check status") > failed + 3, "further questions")
    assert driver.poll() is None


@pytest.mark.slow
def test_job_that_is_forgotten(forgetful):
    """Without accounting the plugin waits for ever for a job that squeue no longer lists."""
    made = forgetful[1]
    driver = made.start(guarded=False)
    # After the second look the next one is 21 s away.
    made.wait_for(lambda: made.printed().count(LOOK) == 2, "second look")
    end_and_be_forgotten(made)
    assert_waits_for_ever(made, driver)
    assert "Falling back" not in made.printed()


@pytest.mark.slow
def test_forgotten_job_is_known_by_its_own_note(forgetful):
    """With the guards both of the above end well."""
    made = forgetful[2]
    driver = made.start()
    end_and_be_forgotten(made)
    finish(made, driver)
    assert len(made.started("slow")) == 1


@pytest.mark.slow
def test_forgotten_job_that_noted_no_end(workflow, small_slurm):
    """Fails if a job that was killed, and forgotten before anybody looked, is waited for."""
    made = workflow({"slow": (SLOW, "")}, slurm=small_slurm, head="")
    driver = made.start()
    made.wait_for(lambda: made.started("slow"), "running job")
    small_slurm.run("scancel", "--signal=KILL", "--full", made.job("slow"))
    made.slurm.wait(lambda: not made.jobs(), "forgotten job", 60)
    made.wait_for(lambda: "noted no end; it is submitted again" in notes(made), "note", 180)
    (made.path / "enough").touch()
    finish(made, driver)
    assert len(made.started("slow")) == 2


def test_controller_that_is_away_when_a_job_is_submitted(workflow):
    """The plugin's attempts are used up in seconds.

    The script comes through a pipe here: fails also if the guard's second attempt submitted an empty one.
    """
    script = {"slurm_pass_command_as_script": True}
    pair = Pair(workflow, {"short": ("hostname > short.txt", "")}, **PATIENT, **SOON, **script)
    away = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
    for made in pair.both:
        (made.path / "fail.sbatch").write_text(away)
    alone, guarded = pair.start()
    pair.alone.finish(alone, 60)
    assert alone.returncode == 1
    pair.guarded.wait_for(lambda: "short waits to be submitted" in notes(pair.guarded), "note")
    (pair.guarded.path / "fail.sbatch").unlink()
    finish(pair.guarded, guarded)
    assert pair.guarded.states() == ["COMPLETED"]
    assert list(pair.guarded.path.glob(".snakemake/slurm_guard/*.exit"))


@pytest.mark.slow
def test_full_queue(workflow, small_slurm):
    """sbatch itself tries for two minutes; then the plugin gives up the job (after six, with two retries)."""
    rules = {name: (f"hostname > {name}.txt", "") for name in ("one", "two", "three")}
    pair = Pair(workflow, rules, slurm=small_slurm, jobs=1)
    first = {"jobs": 1, "retries": 0, "keep_going": None, "groups": None, "group_components": None}
    pair.alone.profile(**first, default_resources={"mem_mb": 600, "slurm_account": "lab"})
    small_slurm.wait(lambda: not small_slurm.jobs(), "empty queue", 60)
    other = small_slurm.run("sbatch", "--parsable", "-o", "/dev/null", "--mem=10", "--wrap=sleep 600")
    alone, guarded = pair.start()
    pair.alone.finish(alone, 400)
    assert alone.returncode == 1
    assert "Resource temporarily unavailable" in pair.alone.printed()
    assert "waits to be submitted" in notes(pair.guarded)
    assert guarded.poll() is None
    small_slurm.run("scancel", other)
    pair.guarded.finish(guarded, 400)
    assert guarded.returncode == 0
    assert [len(pair.guarded.started(name)) for name in rules] == [1, 1, 1]


def test_confirmation_that_gets_lost(workflow):
    """The plugin submits the job again beside the one that was accepted, so one file has two writers."""
    pair = Pair(workflow, {"slow": (SLOW, "")}, **PATIENT, **SOON)
    for made in pair.both:
        (made.path / "lost.sbatch").touch()
    alone, guarded = pair.start()
    pair.alone.wait_for(lambda: len(pair.alone.started("slow")) == 2, "second start")
    assert pair.alone.states("slow") == ["RUNNING", "RUNNING"]
    pair.guarded.wait_for(lambda: pair.guarded.running("slow"), "running job")
    pair.guarded.wait_for(lambda: "Socket timed out" in notes(pair.guarded), "note")
    (pair.guarded.path / "enough").touch()
    finish(pair.guarded, guarded)
    assert pair.guarded.states("slow") == ["COMPLETED"]
    assert alone.poll() is None


@pytest.mark.slow
def test_job_that_ended_before_its_lost_answer_was_asked_for(workflow, small_slurm):
    """Fails if a job whose confirmation got lost is run again when it is done, and forgotten, by then."""
    made = workflow({"slow": (SLOW, "")}, slurm=small_slurm, head="")
    (made.path / "lost.sbatch").touch()
    driver = made.start()
    made.wait_for(lambda: "slow waits to be submitted: sbatch" in notes(made), "lost answer")
    (made.path / "fail.squeue").touch()
    made.wait_for(lambda: "slow waits to be submitted: squeue" in notes(made), "unanswered question")
    end_and_be_forgotten(made)
    (made.path / "fail.squeue").unlink()
    finish(made, driver)
    assert len(made.started("slow")) == 1


@pytest.mark.slow
def test_driver_that_was_killed(workflow):
    """Plain Snakemake has to be unlocked by hand, and then writes the file that an earlier job still writes.

    Its own lock keeps a second driver away (so `nolock` is off), but outlives the first. With the guards:
    `test_driver.py::test_restarted_driver_waits_for_the_jobs_of_the_killed_one`.
    """
    made = workflow({"slow": (SLOW, "")}, head="", nolock=False, **PATIENT)
    first = made.start(guarded=False)
    made.wait_for(lambda: made.running("slow"), "running job")
    first.kill()
    first.wait()
    again = made.start(guarded=False)
    assert "Directory cannot be locked" in made.finish(again, 60)
    made.finish(made.start("--unlock", guarded=False), 60)
    made.start(guarded=False)
    made.wait_for(lambda: len(made.started("slow")) == 2, "second start")
    assert made.states("slow") == ["RUNNING", "RUNNING"]


@pytest.mark.slow
def test_time_limit_that_the_partition_does_not_allow(workflow, slurm, tmp_path):
    """The plugin waits for ever for a job that asks for too much, or that the partition no longer admits.

    It can choose a partition by itself (`slurm-partition-config`), if one is large enough.
    """
    (tmp_path / "partitions.yaml").write_text("partitions: {short: {max_runtime: 2}}")
    rules = {
        "late": ("hostname > late.txt", "runtime=2, slurm_partition='short'"),
        "long": ("hostname > long.txt", "runtime=50, slurm_partition='short'"),
    }
    settings = {"slurm_partition_config": str(tmp_path / "partitions.yaml")}
    pair = Pair(workflow, rules, **settings, **PATIENT, **SOON)
    slurm.run("scontrol", "update", "PartitionName=short", "State=DOWN")  # it takes jobs and starts none
    try:
        alone, guarded = pair.start()
        pair.wait_for(lambda made: len(made.jobs()) >= 2, "both jobs")
        slurm.run("scontrol", "update", "PartitionName=short", "MaxTime=1", "State=UP")
        pair.alone.wait_for(lambda: reasons(pair.alone) == ["PartitionTimeLimit"] * 2, "vain waiting")
        assert_waits_for_ever(pair.alone, alone)
        finish(pair.guarded, guarded)
    finally:
        slurm.run("scontrol", "update", "PartitionName=short", "MaxTime=2", "State=UP")
    assert "(late) can never start (PartitionTimeLimit)" in notes(pair.guarded)
    assert pair.guarded.states("late") == ["CANCELLED", "COMPLETED"]
    assert "long asks for 50 minutes and partition short allows" in notes(pair.guarded)
    assert pair.guarded.states("long")[-1] == "COMPLETED"


def reasons(made) -> list[str]:
    """Return the reasons for which the jobs of a folder wait."""
    listed = made.slurm.run("squeue", "-h", "-o", "%Z|%r").splitlines()
    return [reason for folder, reason in (line.split("|") for line in listed) if folder == str(made.path)]


def test_profile_that_names_no_such_partition(workflow):
    """Snakemake begins, and fails at the first job of that partition, perhaps days later."""
    rules = {"ok": ("hostname > ok.txt", ""), "bad": ("hostname > bad.txt", "")}
    pair = Pair(workflow, rules, set_resources={"bad": {"slurm_partition": "nope"}}, **SOON)
    alone, guarded = pair.start()
    pair.alone.wait_for(lambda: pair.alone.started("ok"), "start of the other job")
    pair.alone.wait_for(lambda: pair.alone.printed().count("SLURM sbatch failed") >= 3, "failed attempts")
    assert alone.poll() is None
    (line,) = pair.guarded.finish(guarded, 60).splitlines()
    assert guarded.returncode == 1
    assert "profile.yaml: set-resources.bad.slurm_partition is 'nope'" in line
    assert "allowed: cpu, gpu, short, scavenge, high" in line
    assert pair.guarded.jobs() == []


@pytest.mark.slow
def test_job_that_slurm_does_not_put_back(workflow, slurm):
    """The plugin waits for ever for a job that was preempted, or lost its node, and is not requeued."""
    rules = {
        "preempted": (FIRST_SLEEPS, "slurm_partition='scavenge', slurm_extra='-w tn2'"),
        "downed": (FIRST_SLEEPS, "slurm_extra='-w tn1 --no-requeue'"),
    }
    rules = {name: (command.format(name=name), needs) for name, (command, needs) in rules.items()}
    pair = Pair(workflow, rules, **PATIENT, **SOON)
    alone, guarded = pair.start()
    pair.wait_for(lambda made: all(made.running(name) for name in rules), "running jobs")
    urgent = ["-p", "high", "-w", "tn2", "--exclusive", "--mem=0", "-t", "1", "-o", "/dev/null"]
    urgent = slurm.run("sbatch", "--parsable", *urgent, "--wrap=sleep 60")
    slurm.run("scontrol", "update", "nodename=tn1", "state=down", "reason=test")
    pair.wait_for(lambda made: "PREEMPTED" in made.states("preempted"), "preemption")
    pair.wait_for(lambda made: "NODE_FAIL" in made.states("downed"), "node failure")
    slurm.run("scancel", urgent)
    with contextlib.suppress(RuntimeError):  # a node that answers may have come back by itself
        slurm.run("scontrol", "update", "nodename=tn1", "state=resume")
    finish(pair.guarded, guarded)
    assert_waits_for_ever(pair.alone, alone)
    assert pair.alone.states() == ["PREEMPTED", "NODE_FAIL"]
    assert pair.guarded.states("preempted") == ["PREEMPTED", "COMPLETED"]
    assert pair.guarded.states("downed") == ["NODE_FAIL", "COMPLETED"]
