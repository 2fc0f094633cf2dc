"""A run that trains in a second, and its validation prompts."""

from pathlib import Path

import pytest
import torch

from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.tensors import save_tensors
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts
from ickrr.training.interruption import Interruption
from ickrr.training.loop import Trainer
from ickrr.training.validation import Validation

TASK = TaskSettings(dimension=2, context_length=4)
CPU = torch.device("cpu")


def tiny_run(layout="interleaved", **training):
    chosen = {
        "steps": 12,
        "batch_size": 8,
        "warmup_steps": 2,
        "validate_every": 5,
        "checkpoint_every": 4,
        "queries_per_prompt": 3,
        **training,
    }
    return RunSettings(
        name="tiny",
        task_name="spherical",
        task=TASK,
        model=ModelSettings(layers=2, width=8, heads=2, layout=layout),
        training=TrainingSettings(**chosen),
    )


def store_prompts(path: Path, task=TASK, count=16) -> Path:
    prompts = sample_prompts(task, count, torch_generator(0, "prompts", "spherical", "validation"))
    settings = PromptSettings(
        name="spherical-validation", task_name="spherical", task=task, split="validation", count=count
    )
    save_tensors(path, prompts.tensors(), {"prompts": settings.model_dump(mode="json")})
    return path


class StopAt(Interruption):
    """Asks to stop after a number of steps of this process."""

    def __init__(self, steps):
        super().__init__()
        self.steps = steps

    def requested(self):
        self.steps -= 1
        return ("received SIGTERM", 143) if self.steps == 0 else None


@pytest.fixture
def make_trainer(tmp_path):
    prompts = store_prompts(tmp_path / "prompts.safetensors")

    def make(run=None, seed=0, state="state.safetensors", code="code"):
        run = run or tiny_run()
        validation = Validation(prompts, run, CPU)
        return Trainer(run, seed, validation, tmp_path / state, CPU, code)

    return make


@pytest.fixture
def never():
    return Interruption()


@pytest.fixture
def stop_at():
    return StopAt


@pytest.fixture
def run_with():
    return tiny_run


@pytest.fixture
def prompts_at():
    return store_prompts
