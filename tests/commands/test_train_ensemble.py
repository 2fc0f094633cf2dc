"""The verb `train_ensemble`: what `train` writes, for every member; kills, limits, divergence, messages."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import AdamWSettings, TrainingSettings
from ickrr.files import read_json, write_json
from ickrr.model.weights import load_model
from ickrr.provenance import PACKAGE_ROOT, code_hash, import_closure
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts
from ickrr.tensors import read_metadata, save_tensors

OUTPUTS = {
    "weights": "weights.safetensors",
    "learning-curve": "learning_curve.parquet",
    "rate": "rate.parquet",
    "record": "run.json",
}
REPRODUCIBLE = ("weights.safetensors", "learning_curve.parquet")
STEPS = 200


def spec(name, noise_std=0.3, **training):
    chosen = {
        "steps": STEPS,
        "batch_size": 8,
        "warmup_steps": 10,
        "validate_every": 40,
        "checkpoint_every": 15,
        **training,
    }
    return RunSettings(
        name=name,
        task_name=name,
        task=TaskSettings(dimension=2, context_length=4, noise_std=noise_std),
        model=ModelSettings(layers=2, width=8, heads=2),
        training=TrainingSettings(**chosen),
    )


class Group:
    """Three trainings: two seeds of one run and one of another, in a folder of their own."""

    def __init__(self, folder: Path, **training):
        self.folder = folder
        self.runs = {"quiet": spec("quiet", **training), "loud": spec("loud", noise_std=1.0, **training)}
        self.members = [("quiet", 0), ("quiet", 1), ("loud", 0)]
        for name, run in self.runs.items():
            write_json(folder / f"{name}.json", run.model_dump(mode="json"))
            prompts = sample_prompts(run.task, 16, torch_generator(0, "prompts"))
            settings = PromptSettings(name=name, task_name=name, task=run.task, split="validation")
            path = folder / f"{name}.safetensors"
            save_tensors(path, prompts.tensors(), {"prompts": settings.model_dump(mode="json")})

    def output(self, index, key):
        run, seed = self.members[index]
        return self.folder / run / f"seed{seed}" / OUTPUTS[key]

    def arguments(self, *options):
        values = {
            "run": [self.folder / f"{run}.json" for run, _ in self.members],
            "seed": [seed for _, seed in self.members],
            "validation": [self.folder / f"{run}.safetensors" for run, _ in self.members],
            **{key: [self.output(i, key) for i in range(len(self.members))] for key in OUTPUTS},
            "state": [self.state],
            "device": ["cpu"],
        }
        words = [word for key, of_key in values.items() for word in (f"--{key}", *map(str, of_key))]
        return ["train_ensemble", *words, *options]

    @property
    def state(self):
        return self.folder / "state.safetensors"

    def bytes(self):
        paths = sorted(path for path in self.folder.rglob("*") if path.name in REPRODUCIBLE)
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed ensemble, in this process."""
    group = Group(tmp_path_factory.mktemp("whole"))
    with contextlib.redirect_stderr(io.StringIO()):
        assert main(group.arguments()) == 0
    return group


def test_every_member_has_what_train_writes(whole):
    """Fails if an output is missing or of another shape than `train`'s, or does not say what made it."""
    for index, (name, seed) in enumerate(whole.members):
        run = whole.runs[name]
        weights = whole.output(index, "weights")
        assert read_metadata(weights) == {
            "run": run.model_dump(mode="json"),
            "seed": seed,
            "diverged_at": None,
        }
        load_model(weights, run, seed)
        curve = pd.read_parquet(whole.output(index, "learning-curve"))
        assert curve.step.tolist() == list(range(40, STEPS + 1, 40))
        assert curve.excess_risk.iloc[-1] < curve.excess_risk.iloc[0]
        rate = pd.read_parquet(whole.output(index, "rate"))
        assert list(rate.columns) == ["step", "steps_per_second", "peak_memory_mb", "elapsed_s"]
        record = read_json(whole.output(index, "record"))
        assert (record["verb"], record["seed"], record["run"]["name"]) == ("train", seed, name)
        assert record["ensemble"] == ["quiet seed 0", "quiet seed 1", "loud seed 0"]
        for key, verb in (("code", "train"), ("ensemble_code", "train_ensemble")):
            assert record[key] == code_hash(import_closure(f"ickrr.commands.{verb}"))
    assert not whole.state.exists()
    first, second = (load_model(whole.output(i, "weights"), whole.runs["quiet"], i) for i in (0, 1))
    assert not torch.equal(first.readout.weight, second.readout.weight)


def test_killed_and_limited_ensemble_ends_in_the_same_bytes(whole, tmp_path, capsys):
    """Fails if the time limit, then kill -9, changes a byte of any member."""
    group = Group(tmp_path)
    with pytest.raises(SystemExit) as stopped:
        main(group.arguments("--time-limit", "1"))
    assert stopped.value.code == 75
    assert "ensemble of quiet seed 0, quiet seed 1, loud seed 0: reached the time" in capsys.readouterr().err
    assert read_metadata(group.state)["step"] == 1

    process = subprocess.Popen(
        [sys.executable, "-m", "ickrr", *group.arguments()],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(PACKAGE_ROOT.parent)},
    )
    until = time.monotonic() + 60
    while read_metadata(group.state)["step"] < 15:
        assert time.monotonic() < until and process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    assert group.bytes() == {}

    assert main(group.arguments()) == 0
    assert "goes on after step" in capsys.readouterr().err
    assert group.bytes() == whole.bytes()
    assert read_json(group.output(0, "record"))["resumed_from"] >= 15


def test_divergence_that_is_not_allowed_fails_but_keeps_the_others(tmp_path, capsys):
    """Fails if members that diverge look like results."""
    group = Group(tmp_path, optimizer="adamw", adamw=AdamWSettings(learning_rate=1e30))
    assert main(group.arguments()) == 1
    said = capsys.readouterr().err
    assert "error: the loss or its gradient is not finite: quiet seed 0 at step" in said
    assert "loud seed 0 at step" in said
    assert "Lower training.adamw.learning_rate" in said
    assert group.bytes() == {}


def test_options_of_different_length_are_one_line(tmp_path, capsys):
    """Fails if a member is trained with another's seed because one was forgotten."""
    arguments = Group(tmp_path).arguments()
    del arguments[arguments.index("--seed") + 1]
    assert main(arguments) == 1
    assert "error: --seed is given 2 times, --run 3 times; give one a member" in capsys.readouterr().err
