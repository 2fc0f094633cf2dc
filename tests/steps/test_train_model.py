"""The step `train_model` as a process: outputs, kills, signals, limits, and messages."""

import contextlib
import io
import json
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from ickrr.__main__ import main
from ickrr.code import PACKAGE_ROOT, import_closure
from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.files import write_json
from ickrr.io.tensors import read_metadata
from ickrr.model.weights import load_model

STEPS = 240
REPRODUCIBLE = ("weights.safetensors", "learning_curve.parquet", "snapshots.safetensors")


def spec(**training):
    chosen = {
        "steps": STEPS,
        "batch_size": 8,
        "warmup_steps": 10,
        "validate_every": 40,
        "checkpoint_every": 15,
        "snapshots": 4,  # after 4, 15, 62 and 240 steps
        **training,
    }
    return RunSettings(
        name="tiny",
        task_name="spherical",
        task=TaskSettings(dimension=2, context_length=4),
        model=ModelSettings(layers=2, width=8, heads=2),
        training=TrainingSettings(**chosen),
    )


class Job:
    """One training in a folder of its own."""

    def __init__(self, folder: Path, run: RunSettings):
        folder.mkdir()
        self.folder, self.run = folder, run
        write_json(folder / "run.json", run.model_dump(mode="json"))
        prompts = PromptSettings(name="v", task_name="spherical", task=run.task, split="validation", count=16)
        write_json(folder / "prompts.json", prompts.model_dump(mode="json"))

    def path(self, name):
        return self.folder / name

    def arguments(self, *options):
        named = {
            "--run": "run.json",
            "--validation": "prompts.json",
            "--weights": "weights.safetensors",
            "--snapshots": "snapshots.safetensors",
            "--learning-curve": "learning_curve.parquet",
            "--rate": "rate.parquet",
            "--state": "state.safetensors",
        }
        files = [part for key, name in named.items() for part in (key, str(self.path(name)))]
        return ["train_model", *files, "--seed", "2", "--device", "cpu", *options]

    def start(self):
        # A copy of the source: an edit between two processes would, rightly, void the checkpoint.
        source = self.folder / "src"
        if not source.exists():
            shutil.copytree(PACKAGE_ROOT.parent, source)
        command = [sys.executable, "-I", str(source), *self.arguments()]
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)

    def outputs(self):
        return {name: self.path(name).read_bytes() for name in REPRODUCIBLE}

    def wait_for_checkpoint(self, process, beyond=0):
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            if self.path("state.safetensors").exists():
                step = read_metadata(self.path("state.safetensors"))["step"]
                if step > beyond:
                    return step
            time.sleep(0.01)
        raise AssertionError(f"no checkpoint: {process.communicate()[1]}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed training, in this process."""
    job = Job(tmp_path_factory.mktemp("whole") / "job", spec())
    with contextlib.redirect_stderr(io.StringIO()) as said:
        assert main(job.arguments()) == 0
    return job, said.getvalue()


def test_outputs(whole):
    """Fails if an output is missing, wrongly typed, or does not say what made it."""
    job, said = whole
    metadata = read_metadata(job.path("weights.safetensors"))
    assert metadata == {"run": job.run.model_dump(mode="json"), "seed": 2, "diverged_at": None}
    load_model(job.path("weights.safetensors"), job.run, 2)
    curve = pd.read_parquet(job.path("learning_curve.parquet"))
    assert curve.dtypes.astype(str).to_dict() == {
        "step": "int64",
        "loss": "float64",
        "excess_risk": "float64",
        "bayes_risk": "float64",
        "learning_rate": "float64",
        "diverged": "bool",
    }
    assert curve.step.tolist() == list(range(40, STEPS + 1, 40))
    rate = pd.read_parquet(job.path("rate.parquet"))
    assert list(rate.columns) == ["step", "steps_per_second", "peak_memory_mb", "elapsed_s"]
    assert not job.path("state.safetensors").exists()
    assert re.search(r"tiny seed 2: step 240/240, loss [\d.e-]+, excess risk", said)
    assert "s left" in said


def test_stopped_and_killed_training_ends_in_the_same_bytes(whole, tmp_path):
    """Fails if SIGTERM, then kill -9 at a random moment, changes a byte of the weights or the learning curve.

    Or if SIGTERM exits with success, writes outputs, or prints a traceback.
    """
    job = Job(tmp_path / "job", spec())
    process = job.start()
    job.wait_for_checkpoint(process)
    process.terminate()
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 143
    stopped = re.search(rf"^stopped: tiny seed 2: received SIGTERM; saved step (\d+) of {STEPS}", said, re.M)
    assert stopped, said
    step = read_metadata(job.path("state.safetensors"))["step"]
    assert step == int(stopped[1])
    assert not job.path("weights.safetensors").exists()
    assert "Traceback" not in said

    process = job.start()
    job.wait_for_checkpoint(process, beyond=step)
    time.sleep(random.uniform(0, 0.1))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL

    process = job.start()
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 0, said
    assert "resumes after step" in said
    assert job.outputs() == whole[0].outputs()
    assert not job.path("state.safetensors").exists()


def watched(job, process, rows=1):
    """Read the growing curve of a running training once it has so many rows."""
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        lines = job.path("state.csv").read_text().splitlines() if job.path("state.csv").exists() else []
        if len(lines) > rows:
            return pd.read_csv(io.StringIO("\n".join(lines)))
        time.sleep(0.01)
    raise AssertionError(f"no rows: {process.communicate()[1]}")


def test_the_curve_can_be_watched(whole, tmp_path):
    """Fails if a row is not there before the training ends, or a resumed one repeats or loses rows."""
    job = Job(tmp_path / "job", spec())
    process = job.start()
    seen = watched(job, process)
    process.terminate()
    process.communicate(timeout=60)
    process = job.start()
    resumed = watched(job, process, rows=len(seen) + 1)
    assert process.wait(timeout=120) == 0
    curve = pd.read_parquet(job.path("learning_curve.parquet"))
    for rows in (seen, resumed):
        known = curve.head(len(rows)).astype(float)
        pd.testing.assert_frame_equal(rows.astype(float), known, rtol=1e-5)
    assert not job.path("state.csv").exists()


def test_time_limit_saves_and_exits(tmp_path, capsys):
    """Fails if the end of the allotted time loses the state or looks like success."""
    job = Job(tmp_path / "job", spec())
    with pytest.raises(SystemExit) as stopped:
        main(job.arguments("--time-limit", "1"))
    assert stopped.value.code == 75
    assert f"reached the time limit of 1 s; saved step 1 of {STEPS}" in capsys.readouterr().err
    assert read_metadata(job.path("state.safetensors"))["step"] == 1
    assert not job.path("weights.safetensors").exists()


def test_wrong_prompts_are_one_line(tmp_path, capsys):
    """Fails if prompts of another task are trained on, or reported by more than one line."""
    job = Job(tmp_path / "job", spec())
    changed = job.run.model_dump(mode="json")
    changed["task"]["noise_std"] = 0.5
    job.path("run.json").write_text(json.dumps(changed))
    assert main(job.arguments()) == 1
    said = capsys.readouterr().err
    assert "noise_std=0.3" in said
    assert "but run 'tiny' is trained on" in said
    assert "noise_std=0.5" in said
    assert len(said.strip().splitlines()) == 1


def test_closure_holds_what_training_needs_and_nothing_else():
    """Fails if an edit of a solver, probe or figure would retrain, or one of the model would not."""
    names = {str(path).split("ickrr/", 1)[1] for path in import_closure("ickrr.steps.train_model")}
    assert {"model/attention.py", "training/loop.py", "tasks.py", "kernels/__init__.py"} <= names
    assert not [n for n in names if n.startswith(("solvers/", "analysis/", "report/", "config/exp"))]
