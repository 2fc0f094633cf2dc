"""Closed-form readouts against scikit-learn, SciPy and autograd."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, Ridge

from ickrr.comparison.probe import NormalEquations, fit_readouts, read_layers, read_output
from ickrr.config.probe import ProbeSettings

LAYERS, PROMPTS, LENGTHS, WIDTH = 3, 11, 5, 6


class Features:
    """Stand-in for a model: fixed features of each prompt, looked up by the first input."""

    def __init__(self, features):
        self.features = features
        self.calls = 0

    def __call__(self, x, y):
        self.calls += 1
        return self.features[:, x[:, 0, 0].long()]


def prompts(seed=0, offset=0.0, width=WIDTH):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(LAYERS, PROMPTS, LENGTHS, width, generator=generator, dtype=torch.float64) + offset
    y = torch.randn(PROMPTS, LENGTHS, generator=generator, dtype=torch.float64) + 2
    x = torch.arange(PROMPTS, dtype=torch.float64)[:, None, None].expand(-1, LENGTHS, 1)
    return features, x, y


def rows(features, layer):
    return features[layer].reshape(-1, features.shape[-1]).numpy()


@pytest.mark.parametrize("chunk", [1, 4, 100])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_ridge_equals_scikit_learns(chunk, offset):
    """Fails if the bias is penalised, the penalty is scaled otherwise, or chunks lose digits."""
    features, x, y = prompts(offset=offset)
    readouts = fit_readouts(Features(features), x, y, ProbeSettings(ridge=0.1, chunk_prompts=chunk))
    for layer in range(LAYERS):
        design = rows(features, layer)
        penalty = 0.1 * ((design - design.mean(0)) ** 2).sum() / WIDTH
        reference = Ridge(alpha=penalty).fit(design, y.ravel().numpy())
        np.testing.assert_allclose(readouts.weights[layer], reference.coef_, rtol=1e-9)
        predicted = readouts.predict(features)[layer].ravel()
        np.testing.assert_allclose(predicted, reference.predict(design), rtol=1e-8)


def test_no_ridge_is_least_squares():
    """Fails if ridge 0 still shrinks."""
    features, x, y = prompts()
    readouts = fit_readouts(Features(features), x, y, ProbeSettings(ridge=0.0, chunk_prompts=4))
    for layer in range(LAYERS):
        reference = LinearRegression().fit(rows(features, layer), y.ravel().numpy())
        np.testing.assert_allclose(readouts.weights[layer], reference.coef_, rtol=1e-9)
        assert readouts.biases[layer].item() == pytest.approx(reference.intercept_, rel=1e-9)


@pytest.mark.parametrize("ridge", [0.0, 1e-6])
def test_features_that_span_less_than_the_width(ridge):
    """Fails if directions without data are blown up: the embedding of d inputs has rank d, not the width."""
    features, x, y = prompts()
    mix = torch.tensor([[1.0, -2.0, 0.5], [0.3, 1.0, 1.5], [2.0, 0.1, -1.0]], dtype=torch.float64)
    features[..., 3:] = features[..., :3] @ mix
    readouts = fit_readouts(Features(features), x, y, ProbeSettings(ridge=ridge, chunk_prompts=4))
    for layer in range(LAYERS):
        design = rows(features, layer)
        centred = design - design.mean(0)
        reference = np.linalg.lstsq(centred, y.ravel().numpy() - y.mean().item(), rcond=1e-10)[0]
        predicted = readouts.predict(features)[layer].ravel()
        np.testing.assert_allclose(predicted, centred @ reference + y.mean().item(), atol=1e-4)
        assert readouts.weights[layer].norm() < 2 * np.linalg.norm(reference)


def test_constant_features_read_out_the_mean_label():
    """Fails on 0/0 where a layer carries nothing."""
    features, x, y = prompts()
    readouts = fit_readouts(
        Features(torch.ones_like(features)), x, y, ProbeSettings(ridge=1e-6, chunk_prompts=4)
    )
    np.testing.assert_allclose(readouts.weights, 0)
    np.testing.assert_allclose(readouts.biases, y.mean().item())


def test_a_layer_that_is_not_finite_spoils_no_other():
    """Fails if a diverged layer stops the probe, is read out as numbers, or spreads to its neighbours."""
    features, x, y = prompts()
    clean = fit_readouts(Features(features), x, y, ProbeSettings(ridge=1e-6, chunk_prompts=4))
    features = features.clone()
    features[1, 7, 2, 0] = torch.inf
    readouts = fit_readouts(Features(features), x, y, ProbeSettings(ridge=1e-6, chunk_prompts=4))
    predicted = readouts.predict(features)
    assert predicted[1].isnan().all()
    for layer in (0, 2):
        torch.testing.assert_close(readouts.weights[layer], clean.weights[layer], rtol=0, atol=0)
        assert predicted[layer].isfinite().all()


@given(seed=st.integers(0, 1000), ridge=st.floats(1e-4, 10))
@settings(max_examples=25, deadline=None)
def test_the_gradient_of_the_penalised_loss_vanishes(seed, ridge):
    """Fails if the readout is not the minimum of the stated loss (autograd is the judge)."""
    features, x, y = prompts(seed)
    readouts = fit_readouts(Features(features), x, y, ProbeSettings(ridge=ridge, chunk_prompts=3))
    weights = readouts.weights.clone().requires_grad_()
    biases = readouts.biases.clone().requires_grad_()
    design = features.reshape(LAYERS, -1, WIDTH)
    predicted = (design * weights[:, None]).sum(-1) + biases[:, None]
    penalty = ridge * design.var(dim=1, correction=0).sum(-1) * design.shape[1] / WIDTH
    loss = (y.ravel() - predicted).square().sum() + (penalty * weights.square().sum(-1)).sum()
    loss.backward()
    for gradient in (weights.grad, biases.grad):
        assert gradient.abs().max() < 1e-9 * loss.item()


@given(seed=st.integers(0, 1000), split=st.integers(1, PROMPTS - 1))
@settings(max_examples=25, deadline=None)
def test_streamed_moments_do_not_depend_on_the_order(seed, split):
    """Fails if the shift taken from the first chunk leaks into the solution."""
    features, _, y = prompts(seed, offset=30.0)
    forward = NormalEquations(features[:, :split], y[:split])
    forward.add(features[:, split:], y[split:])
    backward = NormalEquations(features[:, split:], y[split:])
    backward.add(features[:, :split], y[:split])
    one, other = (moments.solve(ProbeSettings(ridge=1e-3)) for moments in (forward, backward))
    torch.testing.assert_close(one.weights, other.weights, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(one.biases, other.biases, rtol=1e-9, atol=1e-9)


def test_reading_covers_every_prompt_once():
    """Fails if the last, shorter chunk is dropped, or if more than one forward pass a chunk is made."""
    features, x, y = prompts()
    model = Features(features)
    readouts = fit_readouts(model, x, y, ProbeSettings(ridge=1e-6, chunk_prompts=4))
    assert model.calls == 3
    layers = read_layers(model, readouts, x, y, chunk_prompts=4)
    assert layers.shape == (LAYERS, PROMPTS, LENGTHS)
    torch.testing.assert_close(layers, readouts.predict(features))
    output = read_output(lambda x, y: features[0, x[:, 0, 0].long(), :, 0].float(), x, y, chunk_prompts=4)
    assert output.dtype == torch.float64
    torch.testing.assert_close(output, features[0, :, :, 0].float().double())


def test_an_empty_set_of_prompts_is_refused():
    """Fails if fitting to nothing returns a readout."""
    features, x, y = prompts()
    with pytest.raises(ValueError, match="empty"):
        fit_readouts(Features(features), x[:0], y[:0], ProbeSettings(ridge=1e-6, chunk_prompts=4))
