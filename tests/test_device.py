"""Tests of ickrr.device."""

import pytest
import torch

from ickrr.device import resolve_device
from ickrr.errors import ConfigError


def test_cpu_is_cpu_even_beside_a_gpu(monkeypatch):
    """Fails if a GPU is taken although the CPU was asked for."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert resolve_device("cpu").type == "cpu"


@pytest.mark.parametrize(("available", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_a_gpu_where_there_is_one(monkeypatch, available, expected):
    """Fails if auto ignores a GPU, or wants one that is not there."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert resolve_device("auto").type == expected


def test_missing_gpu_is_an_error_that_names_key_and_remedy(monkeypatch):
    """Fails if asking for an absent GPU falls back silently or does not say what to do."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match=r"compute\.device is 'cuda'.*auto or cpu"):
        resolve_device("cuda")


def test_unknown_device_is_an_error():
    """Fails if a misspelt device is accepted."""
    with pytest.raises(ConfigError, match="'gpu'; it must be one of auto, cpu, cuda"):
        resolve_device("gpu")
