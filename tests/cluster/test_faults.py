"""Faults of a real cluster, after which a run must end as if they had not happened.

One run meets all of them (`storm`), and every test looks at one of its jobs. The first attempt of a job
sleeps until its fault happens; the second ends.
"""

import contextlib

import pytest

# Minutes, and the most timing of all: not in CI.
pytestmark = pytest.mark.slow

# The rule's own count of attempts, so that a second one ends and a first one never does.
FIRST_SLEEPS = (
    "if [ $(wc -l < {name}.started) = 1 ]; then echo sleeping; sleep 600; fi; hostname > {name}.txt"
)
# Touches 800 MB at once and keeps it: more than 600 MB, less than 1200.
MEMORY = "python3 -c 'import time; x = bytearray(800 << 20); time.sleep(6)'; hostname > memory.txt"
DOUBLED = "mem_mb=lambda wildcards, attempt: 600 * 2 ** (attempt - 1)"
# Each waits until the other has started, so that both hold a GPU at the same time.
GPU = "while [ ! -e {other}.started ]; do sleep 0.2; done; echo $CUDA_VISIBLE_DEVICES > {name}.txt; sleep 3"


def sleeping(name: str) -> str:
    return FIRST_SLEEPS.format(name=name)


RULES = {
    "scancelled": (sleeping("scancelled"), ""),
    "requeued": (sleeping("requeued"), ""),
    "preempted": (sleeping("preempted"), "slurm_partition='scavenge'"),
    "downed": (sleeping("downed"), ""),
    "hungry": (MEMORY.replace("memory.txt", "hungry.txt"), DOUBLED),
    "long": ("hostname > long.txt", "runtime=50, slurm_partition='short'"),
    "gpu_a": (GPU.format(name="gpu_a", other="gpu_b"), "gpu=1, slurm_partition='gpu', slurm_extra='-w tn1'"),
    "gpu_b": (GPU.format(name="gpu_b", other="gpu_a"), "gpu=1, slurm_partition='gpu', slurm_extra='-w tn1'"),
    "wrong": ("echo the reason is this; exit 3", ""),
}


@pytest.fixture(scope="module")
def storm(workflow, slurm):
    """Make a run of nine jobs with ten faults and one lost answer; return the folder and what was printed."""
    made = workflow(RULES, jobs=20)
    (slurm.folder / "lost.sbatch").touch()
    driver = made.start()
    # The lost answer is asked for while it can be: Snakemake waits for it, and does not look at its jobs.
    made.wait_for(lambda: made.submitted() >= len(RULES), "submission of every job", 120)
    failing = [slurm.folder / f"fail.{name}" for name in ("squeue", "sacct")]
    try:
        for path in failing:
            path.touch()
        made.wait_for(lambda: "the status of the jobs is unknown" in made.printed(), "failing query", 120)
    finally:
        for path in failing:
            path.unlink()
    made.wait_for(lambda: all(made.started(name) for name in RULES), "first start of every job", 120)
    slurm.run("scancel", made.job("scancelled"))
    slurm.run("scontrol", "requeue", made.job("requeued"))
    node = slurm.run("squeue", "-h", "-j", made.job("preempted"), "-o", "%N")
    urgent = [
        "-p",
        "high",
        "-w",
        node,
        "--exclusive",
        "--mem=0",
        "-t",
        "1",
        "-o",
        "/dev/null",
        "--wrap=sleep 5",
    ]
    urgent = slurm.run("sbatch", "--parsable", *urgent)
    made.wait_for(lambda: "PREEMPTED" in made.states("preempted"), "preemption")
    slurm.run("scancel", urgent)
    ended = ("gpu_a", "gpu_b", "long")
    made.wait_for(lambda: all(made.states(name) == ["COMPLETED"] for name in ended), "end of the others")
    node = slurm.run("squeue", "-h", "-j", made.job("downed"), "-o", "%N") or node
    slurm.run("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    with contextlib.suppress(RuntimeError):  # a node that answers may have come back by itself
        slurm.run("scontrol", "update", f"nodename={node}", "state=resume")
    made.wait_for(lambda: "the controller answers again" in made.printed(), "answered query", 120)
    # A job that starts while the controller is away cannot make its step: another fault than the ones below.
    again = ("scancelled", "preempted", "hungry")
    made.wait_for(lambda: all(made.states(name)[-1] == "COMPLETED" for name in again), "second attempts", 180)
    # Away while the driver asks, for longer than all its attempts take.
    slurm.stop_controller()
    made.wait_for(
        lambda: made.printed().count("the status of the jobs is unknown") > 1, "unanswered query", 120
    )
    slurm.start_controller()
    printed = made.finish(driver, 300)
    return made, printed


def test_run_ends_with_the_one_real_failure(storm):
    """Fails if a fault other than the job that is wrong itself stays, or the driver hangs."""
    made, printed = storm
    missing = [name for name in RULES if not (made.path / f"{name}.txt").exists()]
    assert missing == ["wrong"], printed


@pytest.mark.parametrize("name", ["scancelled", "preempted", "hungry"])
def test_job_that_ended_badly_is_submitted_again(storm, name):
    """Fails if a job that was cancelled, preempted for good or out of memory is given up or waited for."""
    made, printed = storm
    assert made.states(name)[-1] == "COMPLETED", printed
    assert made.states(name)[:-1] in (["CANCELLED"], ["PREEMPTED"], ["OUT_OF_MEMORY"], ["FAILED"])
    assert len(set(made.started(name))) == 2


@pytest.mark.parametrize("name", ["requeued", "downed"])
def test_job_that_slurm_requeues_is_waited_for(storm, name):
    """Fails if a second job is submitted beside one that SLURM itself puts back into the queue."""
    made, printed = storm
    assert made.states(name) == ["COMPLETED"], printed
    # The node that goes down, or the urgent job, may hit the requeued one too.
    assert len(made.started(name)) >= 2 and len(set(made.started(name))) == 1


def test_time_limit_above_the_partition_is_cut(storm):
    """Fails if SLURM refuses the job, or leaves it waiting for ever, or nobody is told."""
    made, printed = storm
    assert made.states("long") == ["COMPLETED"]
    assert "long asks for 50 minutes and partition short allows 2" in printed


def test_answer_that_got_lost_submits_no_job_twice(storm):
    """Fails if a submission whose answer timed out is repeated although it was accepted."""
    made, printed = storm
    assert "Socket timed out" in printed
    once = [name for name in RULES if name not in ("scancelled", "preempted", "hungry", "wrong")]
    assert {name: len(made.states(name)) for name in once} == dict.fromkeys(once, 1)


def test_each_gpu_job_sees_the_gpu_it_was_given(storm):
    """Fails if two jobs on one node share a GPU."""
    made, _ = storm
    assert sorted((made.path / f"{name}.txt").read_text() for name in ("gpu_a", "gpu_b")) == ["0\n", "1\n"]


def test_wrong_job_is_tried_three_times_and_explained(storm):
    """Fails if a job that cannot succeed is retried for ever, or its log is not shown."""
    made, printed = storm
    assert made.states("wrong") == ["FAILED"] * 3
    assert "the reason is this" in printed


def test_controller_that_was_away_is_mentioned(storm):
    """Fails if a person does not learn why nothing is reported for a while."""
    _, printed = storm
    assert printed.count("the status of the jobs is unknown") == 2
    assert printed.count("the controller answers again") == 2
