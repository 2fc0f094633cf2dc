"""A run that trains in a second, and its validation prompts."""

import pytest
import torch

from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
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


def prompt_set(task=TASK, count=16) -> PromptSettings:
    return PromptSettings(
        name="spherical-validation", task_name="spherical", task=task, split="validation", count=count
    )


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
    def make(run=None, seed=0, state="state.safetensors", code="code"):
        run = run or tiny_run()
        validation = Validation(prompt_set(), run, CPU)
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
def prompts_of():
    return prompt_set
