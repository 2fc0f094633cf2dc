"""Validation prompts: the excess risk, and prompts that do not fit."""

import pytest
import torch

from ickrr.config.task import TaskSettings
from ickrr.errors import FileError
from ickrr.io.tensors import load_arrays, load_tensors, read_metadata, save_tensors
from ickrr.training.validation import Validation

CPU = torch.device("cpu")
TASK = TaskSettings(dimension=2, context_length=4)


class Constant(torch.nn.Module):
    def forward(self, x, y):
        return torch.full_like(y, 0.25)


def test_risks_equal_numpy(tmp_path, prompts_at, run_with, monkeypatch):
    """Fails if the mean is not over prompts and all n = 0..N (also over chunks of unequal size)."""
    monkeypatch.setattr("ickrr.training.validation.CHUNK_PROMPTS", 7)
    path = prompts_at(tmp_path / "prompts.safetensors")
    validation = Validation(path, run_with(), CPU)
    arrays = load_arrays(path)
    expected = ((0.25 - arrays["posterior_mean"]) ** 2).mean()
    assert validation.excess_risk(Constant()) == pytest.approx(expected, rel=1e-12)
    assert validation.bayes_risk == pytest.approx(arrays["posterior_variance"].mean(), rel=1e-12)


def test_prompts_of_another_task_are_refused(tmp_path, prompts_at, run_with):
    """Fails if a run is validated on prompts with other noise."""
    path = prompts_at(tmp_path / "prompts.safetensors", task=TASK.model_copy(update={"noise_std": 1.0}))
    with pytest.raises(FileError, match=r"'prompts.task.noise_std' is 1.0, expected 0.3"):
        Validation(path, run_with(), CPU)


def test_missing_or_misshapen_arrays_are_refused(tmp_path, prompts_at, run_with):
    """Fails if an array of another shape is broadcast, or a missing one is a KeyError."""
    path = prompts_at(tmp_path / "prompts.safetensors")
    whole, metadata = load_tensors(path), read_metadata(path)
    save_tensors(path, {**whole, "y": whole["y"][:, :3]}, metadata)
    with pytest.raises(FileError, match=r"array 'y' has shape \(16, 3\), wanted \(any, 5\)"):
        Validation(path, run_with(), CPU)
    save_tensors(path, {name: t for name, t in whole.items() if name != "posterior_mean"}, metadata)
    with pytest.raises(FileError, match="no array 'posterior_mean'"):
        Validation(path, run_with(), CPU)
