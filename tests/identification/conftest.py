"""Prompts that the comparison tests share."""

import pytest
import torch

from ickrr.config.task import TaskSettings
from ickrr.identification.prompts import Problem
from ickrr.tasks import sample_prompts


@pytest.fixture(scope="session")
def make_problem():
    """Return a function that draws a few prompts of a task."""

    def make(prompts=4, context_length=8, seed=0):
        task = TaskSettings(context_length=context_length)
        drawn = sample_prompts(task, prompts, torch.Generator().manual_seed(seed))
        return Problem(drawn.x.numpy(), drawn.y.numpy(), task.lengthscale, task.noise_std**2)

    return make
