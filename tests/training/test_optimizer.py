"""The optimisers against their published updates, and the schedule."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ickrr.config.model import ModelSettings
from ickrr.config.training import AdamWSettings, MuonSettings, TrainingSettings
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer
from ickrr.training.optimizer import Optimizer, learning_rate_factor


def small_model():
    model = Transformer(ModelSettings(layers=2, width=8, heads=2), 3, 4)
    initialise(model, torch.Generator().manual_seed(0))
    return model


def fill_gradients(model, step):
    generator = torch.Generator().manual_seed(step)
    for parameter in model.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


def muon_by_hand(parameter, gradients, settings, rates):
    """Jordan et al. (2024): momentum, five Newton-Schulz steps, rate times sqrt(max(1, rows/columns))."""
    momentum = torch.zeros_like(parameter)
    for gradient, rate in zip(gradients, rates, strict=True):
        beta = settings.momentum
        momentum = beta * momentum + (1 - beta) * gradient
        update = (1 - beta) * gradient + beta * momentum
        ortho = update
        wide = update.shape[0] <= update.shape[1]
        ortho = ortho if wide else ortho.T
        ortho = ortho / ortho.norm()
        for _ in range(5):
            gram = ortho @ ortho.T
            ortho = 3.4445 * ortho + (-4.7750 * gram + 2.0315 * gram @ gram) @ ortho
        ortho = ortho if wide else ortho.T
        scale = math.sqrt(max(1, update.shape[0] / update.shape[1]))
        parameter = parameter * (1 - rate * settings.weight_decay) - rate * scale * ortho
    return parameter


def adamw_by_hand(parameter, gradients, settings, rates):
    """Loshchilov & Hutter (2019), algorithm 2."""
    first, second = torch.zeros_like(parameter), torch.zeros_like(parameter)
    for t, (gradient, rate) in enumerate(zip(gradients, rates, strict=True), start=1):
        first = settings.beta1 * first + (1 - settings.beta1) * gradient
        second = settings.beta2 * second + (1 - settings.beta2) * gradient.square()
        corrected = first / (1 - settings.beta1**t)
        scale = (second / (1 - settings.beta2**t)).sqrt() + 1e-8
        parameter = parameter * (1 - rate * settings.weight_decay) - rate * corrected / scale
    return parameter


@pytest.mark.parametrize("kind", ["muon", "adamw"])
def test_updates_are_the_published_ones(kind):
    """Fails if a parameter is with the wrong optimiser, or rate, decay, momentum, clip or schedule is off."""
    settings = TrainingSettings(
        steps=6,
        warmup_steps=2,
        optimizer=kind,
        muon=MuonSettings(weight_decay=10.0),
        adamw=AdamWSettings(weight_decay=0.05),
    )
    model = small_model()
    start = {name: p.detach().clone() for name, p in model.named_parameters()}
    optimizer = Optimizer(model, settings)
    gradients = {name: [] for name in start}
    for step in range(1, 4):
        fill_gradients(model, step)
        norm = torch.cat([p.grad.flatten() for p in model.parameters()]).norm()
        for name, p in model.named_parameters():
            gradients[name].append(p.grad * min(1.0, float(settings.gradient_clip / norm)))
        torch.testing.assert_close(optimizer.step(step), norm)
    factors = [learning_rate_factor(step, settings) for step in range(1, 4)]
    for name, p in model.named_parameters():
        if kind == "muon" and name.startswith("blocks.") and name.endswith("weight") and "norm" not in name:
            rates = [settings.muon.learning_rate * f for f in factors]
            expected = muon_by_hand(start[name], gradients[name], settings.muon, rates)
            # Torch rounds to bfloat16 inside; each ingredient left out moves this by more than 10 %.
            moved = expected - start[name]
            assert (p - expected).norm() < 0.05 * moved.norm(), name
        else:
            rates = [settings.adamw.learning_rate * f for f in factors]
            expected = adamw_by_hand(start[name], gradients[name], settings.adamw, rates)
            torch.testing.assert_close(p, expected, rtol=1e-4, atol=1e-6)


def test_learning_rate_of_the_block_matrices_is_reported():
    """Fails if the learning curve would show the rate of the wrong optimiser."""
    muon = TrainingSettings(steps=10, warmup_steps=4)
    adamw = TrainingSettings(steps=10, warmup_steps=4, optimizer="adamw")
    assert Optimizer(small_model(), muon).learning_rate(2) == pytest.approx(0.5 * 0.02)
    assert Optimizer(small_model(), adamw).learning_rate(2) == pytest.approx(0.5 * 2e-3)


@given(
    steps=st.integers(1, 300),
    warmup=st.floats(0, 1),
    final=st.floats(0, 1),
    schedule=st.sampled_from(["cosine", "constant"]),
)
def test_schedule(steps, warmup, final, schedule):
    """Fails if the rate leaves [0, 1], does not rise linearly and then fall, or misses its end values."""
    settings = TrainingSettings(
        steps=steps,
        warmup_steps=int(warmup * steps),
        schedule=schedule,
        final_learning_rate_fraction=final,
    )
    factors = [learning_rate_factor(step, settings) for step in range(1, steps + 1)]
    rising, falling = factors[: settings.warmup_steps], factors[settings.warmup_steps :]
    assert all(0 <= factor <= 1 for factor in factors)
    for step, factor in enumerate(rising, start=1):
        assert factor == pytest.approx(step / settings.warmup_steps)
    assert falling == sorted(falling, reverse=True)
    if falling:
        assert falling[-1] == pytest.approx(final if schedule == "cosine" else 1.0)


def test_state_survives_a_round_trip():
    """Fails if any state that changes later updates is not stored by name."""
    settings = TrainingSettings(steps=6, warmup_steps=2)
    models = [small_model(), small_model()]
    first = Optimizer(models[0], settings)
    for step in (1, 2):
        fill_gradients(models[0], step)
        first.step(step)
    second = Optimizer(models[1], settings)
    models[1].load_state_dict(models[0].state_dict())
    second.load_state_tensors(first.state_tensors())
    for step in (3, 4):
        for model, optimizer in zip(models, (first, second), strict=True):
            fill_gradients(model, step)
            optimizer.step(step)
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(a, b)


def test_missing_state_is_an_error():
    """Fails if an incomplete state loads as if it were whole."""
    settings = TrainingSettings(steps=6, warmup_steps=2)
    model = small_model()
    optimizer = Optimizer(model, settings)
    fill_gradients(model, 1)
    optimizer.step(1)
    tensors = optimizer.state_tensors()
    del tensors["readout.weight/exp_avg"]
    with pytest.raises(KeyError, match=r"readout\.weight/exp_avg"):
        Optimizer(small_model(), settings).load_state_tensors(tensors)
