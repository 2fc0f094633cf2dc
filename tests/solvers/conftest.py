"""Systems that the solver tests share."""

import pytest
import torch

from ickrr.config.task import TaskSettings
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import sample_prompts


@pytest.fixture
def make_system():
    """Return a function that draws the systems of a few prompts of a task."""

    def make(prompts=3, seed=0, **task):
        settings = TaskSettings(**{"context_length": 8, **task})
        drawn = sample_prompts(settings, prompts, torch.Generator().manual_seed(seed))
        return KernelSystem.of_prompts(settings, drawn.x, drawn.y)

    return make
