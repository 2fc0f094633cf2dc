"""Compiled training: the same up to rounding, resumed to the same bytes; a missing compiler is named."""

import shutil

import pytest
import torch

from ickrr.errors import ConfigError
from ickrr.training.compilation import predictor
from ickrr.training.interruption import TrainingInterrupted

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    """Nothing that an earlier test or process compiled."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))


@pytest.mark.slow
@needs_compiler
def test_gradients_are_the_same(make_trainer, run_with, no_cache):
    """Fails if compiled gradients are other ones, or nothing is compiled."""
    trainers = [make_trainer(run_with(compile=fuse)) for fuse in (False, True)]
    for trainer in trainers:
        batch = trainer.data.batch(1)
        (trainer.predict(trainer.model, batch) - batch.target).square().mean().backward()
    plain, compiled = (dict(trainer.model.named_parameters()) for trainer in trainers)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    for name, parameter in plain.items():
        torch.testing.assert_close(compiled[name].grad, parameter.grad, rtol=1e-4, atol=1e-7, msg=name)


@needs_compiler
@pytest.mark.slow
def test_resumes_to_the_same_bytes(make_trainer, never, stop_at, run_with, no_cache):
    """Fails if a process that resumes computes in another order than the one that was stopped."""
    run = run_with(compile=True)
    whole = make_trainer(run, state="whole").train(never)
    with pytest.raises(TrainingInterrupted):
        make_trainer(run).train(stop_at(5))
    resumed = make_trainer(run).train(never)
    assert resumed.resumed_from == 5
    for name, tensor in resumed.weights.items():
        assert torch.equal(tensor, whole.weights[name]), name


def test_a_missing_compiler_is_named(make_trainer, never, run_with, no_cache, monkeypatch):
    """Fails if torch's own pages of traceback are all that is said."""
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", (None, "/nonexistent/g++"))
    with pytest.raises(ConfigError, match=r"training.compile is true.*No working C\+\+ compiler"):
        make_trainer(run_with(compile=True)).train(never)


def test_nothing_is_compiled_unasked():
    """Fails if an ordinary training pays for compiling."""
    assert predictor(False).__name__ == "predict"
