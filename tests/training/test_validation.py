"""Validation prompts: the excess risk, and prompts that do not fit."""

import pytest
import torch

from ickrr.config.task import TaskSettings
from ickrr.errors import ConfigError
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts
from ickrr.training.validation import Validation

CPU = torch.device("cpu")
TASK = TaskSettings(dimension=2, context_length=4)


class Constant(torch.nn.Module):
    def forward(self, x, y):
        return torch.full_like(y, 0.25)


def test_risks_equal_numpy(prompts_of, run_with, monkeypatch):
    """Fails if the mean is not over prompts and all n = 0..N (also over chunks of unequal size).

    It fails as well if the stream is not that of the seed, the task and the split.
    """
    monkeypatch.setattr("ickrr.training.validation.CHUNK_PROMPTS", 7)
    validation = Validation(prompts_of(count=16), run_with(), CPU)
    prompts = sample_prompts(TASK, 16, torch_generator(0, "prompts", "spherical", "validation"))
    expected = ((0.25 - prompts.posterior_mean.numpy()) ** 2).mean()
    assert validation.excess_risk(Constant()) == pytest.approx(expected, rel=1e-12)
    assert validation.bayes_risk == pytest.approx(prompts.posterior_variance.numpy().mean(), rel=1e-12)


def test_prompts_of_another_task_are_refused(prompts_of, run_with):
    """Fails if a run is validated on prompts with other noise."""
    noisier = prompts_of(task=TASK.model_copy(update={"noise_std": 1.0}))
    with pytest.raises(ConfigError, match=r"'spherical-validation' are of .*noise_std=1.0.* run 'tiny'"):
        Validation(noisier, run_with(), CPU)
