"""Faults that take minutes: time limits and a node that dies."""

import hashlib
import json
import math
import subprocess
import sys
import time

import pytest
from support import ROOT

from ickrr.config.load import load_experiment

pytestmark = pytest.mark.slow

FIRST_SLEEPS = "if [ $(wc -l < {name}.started) = 1 ]; then sleep 600; fi; hostname > {name}.txt"
LONGER_THAN_A_MINUTE = 90.0  # [s] of training; SLURM's shortest time limit is one minute


def ickrr(folder, *arguments: str) -> float:
    """Run a step or tool on this machine, and return how long it took."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-m", "ickrr", *arguments], cwd=folder, check=True, capture_output=True)
    return time.monotonic() - began


def train_options(weights: str, state: str) -> list[str]:
    files = {
        "weights": weights,
        "snapshots": "snapshots",
        "learning-curve": "curve.parquet",
        "rate": "rate.parquet",
    }
    options = [f"--{name}={path}" for name, path in (files | {"state": state}).items()]
    return [
        "train_model",
        "--run=run.json",
        "--seed=0",
        "--validation=prompts.json",
        "--device=cpu",
        *options,
    ]


def test_training_goes_on_after_its_time_limit(workflow):
    """Fails if training is killed at the limit, starts anew, or ends in other bytes than undisturbed."""
    command = " ".join(
        [f"PYTHONPATH={ROOT}/src {sys.executable} -m ickrr", *train_options("train.txt", "train.state")]
    )
    made = workflow({"train": (command, "mem_mb=1500, runtime=lambda wildcards, attempt: attempt")})
    experiment = load_experiment(ROOT / "config.yaml", "smoke")
    prompts = experiment.prompt_set("spherical-validation").model_dump(mode="json")
    (made.path / "prompts.json").write_text(json.dumps(prompts))

    def write_run(steps: int) -> None:
        run = experiment.run("spherical").model_dump(mode="json")
        run["training"] |= {"steps": steps, "validate_every": 500, "checkpoint_every": 500}
        (made.path / "run.json").write_text(json.dumps(run))

    write_run(100)
    start = ickrr(made.path, *train_options("timed", "timed.state"))
    write_run(1100)
    per_step = (ickrr(made.path, *train_options("timed", "timed.state")) - start) / 1000
    steps, took = math.ceil(LONGER_THAN_A_MINUTE / per_step), 0.0
    while took < LONGER_THAN_A_MINUTE:  # what else ran during the measurement may have ended
        write_run(steps)
        took = ickrr(made.path, *train_options("undisturbed", "undisturbed.state"))
        steps = math.ceil(1.1 * steps * LONGER_THAN_A_MINUTE / took)
    code, printed = made.run(seconds=400)
    assert code == 0, printed
    assert len(set(made.started("train"))) >= 2
    log = (made.path / "logs" / "train.log").read_text()
    assert "resumes after step" in log
    assert "TIMEOUT" not in made.states("train")  # it saved and ended by itself
    one, other = ((made.path / name).read_bytes() for name in ("undisturbed", "train.txt"))
    assert hashlib.sha256(one).hexdigest() == hashlib.sha256(other).hexdigest()
    assert not (made.path / "train.state").exists()


def test_job_killed_at_its_time_limit_is_given_more(workflow):
    """Fails if a job that does not heed its limit ends the run, or gets the same limit again."""
    rule = (FIRST_SLEEPS.format(name="late"), "runtime=lambda wildcards, attempt: attempt")
    made = workflow({"late": rule})
    code, printed = made.run(seconds=400)
    assert code == 0, printed
    assert made.states("late") == ["TIMEOUT", "COMPLETED"]
    assert "SLURM status is: 'TIMEOUT'" in printed


def test_node_that_dies(workflow, slurm):
    """Fails if the job of a dead node is lost, or runs twice at once."""
    made = workflow({"orphan": (FIRST_SLEEPS.format(name="orphan"), "")})
    driver = made.start()
    made.wait_for(lambda: made.running("orphan"), "running job")
    node = slurm.run("squeue", "-h", "-j", made.job("orphan"), "-o", "%N")
    slurm.crash_node(node)
    try:
        printed = made.finish(driver, 300)
    finally:
        slurm.start_node(node)
        slurm.wait(lambda: slurm.node_states() == ["idle", "idle"], "idle nodes", 60)
    assert driver.returncode == 0, printed
    assert (made.path / "orphan.txt").exists()
    assert len(made.started("orphan")) == 2
