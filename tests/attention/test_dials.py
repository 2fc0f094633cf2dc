"""Prompts along the dials: what each changes, and that nothing else does."""

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge

from ickrr.attention.dials import dial_draws, mean_square_norm, shifted_prompts
from ickrr.config.operators import IN_DISTRIBUTION, NEUTRAL
from ickrr.config.task import TaskSettings
from ickrr.entries import LAWS
from ickrr.laws import draw_inputs

N, COUNT = 5, 400
TASK = TaskSettings(dimension=3, lengthscale=0.9, noise_std=0.3, context_length=N)
OUT = {"bandwidth": 0.3, "noise": 4.0, "radius": 2.0, "law": 0.5, "duplicates": 0.5, "outlier": 5.0}


@pytest.fixture(scope="module")
def draws():
    return dial_draws(TASK, "uniform", COUNT, 1, "test")


@pytest.fixture(scope="module")
def inside(draws):
    return shifted_prompts(TASK, draws, IN_DISTRIBUTION, 0.0)


@pytest.mark.parametrize("dial", NEUTRAL)
def test_the_first_level_is_the_task_itself(dial, draws, inside):
    """Fails if two dials start from different prompts."""
    first = shifted_prompts(TASK, draws, dial, NEUTRAL[dial])
    for name, tensor in first.tensors().items():
        assert torch.equal(tensor, getattr(inside, name)), name


@pytest.mark.parametrize("dial", OUT)
def test_the_posterior_is_the_regression_that_knows_the_shifted_task(dial, draws):
    """Fails if the reference keeps the lengthscale or the noise of training, or misses the outlier."""
    prompts = shifted_prompts(TASK, draws, dial, OUT[dial])
    lengthscale = TASK.lengthscale * (OUT[dial] if dial == "bandwidth" else 1)
    noise = TASK.noise_std * (OUT[dial] if dial == "noise" else 1)
    for b in range(5):
        x, y = prompts.x[b].numpy(), prompts.y[b].numpy()
        fit = KernelRidge(alpha=noise**2, kernel="rbf", gamma=1 / (2 * lengthscale**2)).fit(x[:N], y[:N])
        assert float(prompts.posterior_mean[b, N]) == pytest.approx(fit.predict(x[N:])[0], rel=1e-6, abs=1e-9)


def test_each_dial_changes_what_it_says(draws, inside):
    """Fails if a dial also moves something else, or not what it is called."""
    moved = {dial: shifted_prompts(TASK, draws, dial, level) for dial, level in OUT.items()}
    assert torch.equal(moved["bandwidth"].x, inside.x)
    assert not torch.equal(moved["bandwidth"].f, inside.f)
    assert torch.equal(moved["noise"].f, inside.f)
    torch.testing.assert_close(moved["noise"].y - inside.f, 4 * (inside.y - inside.f))
    torch.testing.assert_close(moved["radius"].x, 2 * inside.x)
    foreign = (moved["law"].x != inside.x).any(dim=-1)
    assert float(foreign.double().mean()) == pytest.approx(0.5, abs=0.05)
    assert torch.equal(moved["law"].x[foreign], draws.foreign[foreign])
    shift = moved["outlier"].y - inside.y
    assert torch.equal((shift != 0).sum(dim=1), torch.ones(COUNT, dtype=torch.long))
    assert torch.equal(shift[:, N], torch.zeros(COUNT, dtype=torch.float64))
    sizes = shift.abs().amax(dim=1)
    torch.testing.assert_close(sizes, torch.full_like(sizes, 5 * (1 + 0.09) ** 0.5))
    assert 0.3 < float((shift.sum(dim=1) > 0).double().mean()) < 0.7


def test_copies_are_of_earlier_labelled_inputs(draws, inside):
    """Fails if the query is a copy, copies share their noise, or their share is not the level."""
    prompts = shifted_prompts(TASK, draws, "duplicates", 0.5)
    assert torch.equal(prompts.x[:, N], inside.x[:, N])
    copies = 0
    for b in range(COUNT):
        for i in range(1, N):
            earlier = [j for j in range(i) if torch.equal(prompts.x[b, i], prompts.x[b, j])]
            if earlier:
                copies += 1
                j = earlier[0]
                assert float(prompts.f[b, i]) == pytest.approx(float(prompts.f[b, j]), abs=1e-3)
                assert float(prompts.y[b, i]) != float(prompts.y[b, j])
            else:
                assert torch.equal(prompts.x[b, i], inside.x[b, i])
    assert copies / (COUNT * (N - 1)) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("law", LAWS)
def test_mean_square_norms(law):
    """Fails if foreign inputs also change the radius. One point of each prompt: others may depend on it."""
    x = draw_inputs(law, (20000, 1, 3), torch.Generator().manual_seed(0))
    assert float(x.square().sum(-1).mean()) == pytest.approx(mean_square_norm(law, 3), rel=0.02)


def test_equal_streams_give_equal_prompts():
    """Fails if a level is drawn anew."""
    again = dial_draws(TASK, "uniform", 3, 1, "test")
    other = dial_draws(TASK, "uniform", 3, 1, "another")
    assert torch.equal(again.x, dial_draws(TASK, "uniform", 3, 1, "test").x)
    assert not np.array_equal(again.x, other.x)


def test_an_unknown_dial_is_refused(draws):
    """Fails if a misspelt dial gives prompts in distribution."""
    with pytest.raises(ValueError, match="no dial 'colour'"):
        shifted_prompts(TASK, draws, "colour", 1.0)
