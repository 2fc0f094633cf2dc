"""One gradient step: against weights that implement it, autograd, and a plain least-squares design."""

import numpy as np
import pytest
import torch

from ickrr.attention.gradient_step import fit_matrix, fit_scalar, predict
from ickrr.attention.gradient_steps import mean_products, nearest_steps
from ickrr.config.model import ModelSettings
from ickrr.model.transformer import Transformer

B, N, D = 6, 5, 3


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    return generator.normal(size=(B, N + 1, D)), generator.normal(size=(B, N + 1))


def implementing(gamma):
    """One layer of linear attention whose weights are the step: q = Gamma^T x_q, k = x_i, v = y_i, over n."""
    settings = ModelSettings(
        layers=1, width=D + 2, heads=1, attention="linear", mlp="none", norm="none", layout="paired"
    )
    model = Transformer(settings, D, N).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.embedding.weight[: D + 1] = torch.eye(D + 1, dtype=torch.float64)
        attention = model.blocks[0].attention
        attention.query.weight[:D, :D] = torch.from_numpy(gamma.T) * (D + 2) ** 0.5
        attention.key.weight[:D, :D] = torch.eye(D, dtype=torch.float64)
        attention.value.weight[0, D] = 1
        attention.output.weight[D + 1, 0] = 1
        model.readout.weight[0, D + 1] = 1
    return model


def test_one_layer_of_linear_attention_computes_it(data):
    """Fails if the step averages over another number of pairs, or Gamma is transposed."""
    x, y = data
    gamma = np.random.default_rng(1).normal(size=(D, D))
    with torch.no_grad():
        output = implementing(gamma)(torch.from_numpy(x), torch.from_numpy(y))
    np.testing.assert_allclose(predict(gamma, x, y), output[:, 1:], atol=1e-12)


def test_a_multiple_of_the_identity_is_a_gradient_step(data):
    """Fails if the step is not that of the mean squared error from zero weights."""
    x, y = data
    rate = 0.3
    for b in range(B):
        for n in range(1, N + 1):
            weights = torch.zeros(D, dtype=torch.float64, requires_grad=True)
            residual = torch.from_numpy(x[b, :n]) @ weights - torch.from_numpy(y[b, :n])
            (0.5 * residual.square().mean()).backward()
            expected = -rate * float(weights.grad @ torch.from_numpy(x[b, n]))
            assert predict(rate * np.eye(D), x, y)[b, n - 1] == pytest.approx(expected, rel=1e-12)


def test_fits_find_the_step_that_made_the_target(data):
    """Fails if the least squares mix up coordinates or context lengths."""
    x, y = data
    gamma = np.random.default_rng(2).normal(size=(D, D))
    target = np.concatenate((np.zeros((B, 1)), predict(gamma, x, y)), axis=1)
    np.testing.assert_allclose(fit_matrix(x, y, target), gamma, atol=1e-10)
    target = np.concatenate((np.zeros((B, 1)), predict(0.7 * np.eye(D), x, y)), axis=1)
    np.testing.assert_allclose(fit_scalar(x, y, target), 0.7 * np.eye(D), atol=1e-12)


def test_no_other_gamma_has_a_smaller_error(data):
    """Fails if the fit is not the least squares solution."""
    x, y = data
    target = np.random.default_rng(3).normal(size=(B, N + 1))
    gamma = fit_matrix(x, y, target)

    def error(candidate):
        return float(np.square(predict(candidate, x, y) - target[:, 1:]).sum())

    for seed in range(20):
        assert error(gamma + 0.01 * np.random.default_rng(seed).normal(size=(D, D))) > error(gamma)
    rates = np.linspace(-2, 2, 41)
    best = min(error(rate * np.eye(D)) for rate in rates)
    assert error(gamma) <= error(fit_scalar(x, y, target)) <= best


def test_products_are_means_over_the_context(data):
    """Fails if the query's own label gets in."""
    x, y = data
    found = mean_products(x, y)
    for n in range(1, N + 1):
        expected = sum(x[0, i] * y[0, i] for i in range(n)) / n
        np.testing.assert_allclose(found[0, n - 1], expected, atol=1e-12)


def descent(x, y, rates):
    """Gradient descent on the mean squared error of every prefix, step by step, (B, N+1)."""
    predictions = np.zeros_like(y)
    for b in range(B):
        for n in range(1, N + 1):
            weights = np.zeros(D)
            for rate in rates:
                weights -= rate * x[b, :n].T @ (x[b, :n] @ weights - y[b, :n]) / n
            predictions[b, n] = weights @ x[b, n]
    return predictions


def test_steps_with_sizes_of_their_own_are_found(data):
    """Fails if S is not the mean over the context, a power is missing, or step sizes are not free."""
    x, y = data
    fit = {"x": x, "y": y}
    others = np.random.default_rng(5)
    test = {"x": others.normal(size=x.shape), "y": others.normal(size=y.shape)}
    rates = (0.5, 0.1, 0.3)
    near = nearest_steps(fit, descent(x, y, rates), test, 3)
    np.testing.assert_allclose(near, descent(test["x"], test["y"], rates)[:, 1:], atol=1e-9)


def test_fewer_steps_are_a_least_squares_fit(data):
    """Fails if two steps count as three, or the fit is not the nearest (against a search over step sizes)."""
    x, y = data
    fit = {"x": x, "y": y}
    target = descent(x, y, (0.5, 0.1, 0.3))
    near = nearest_steps(fit, target, fit, 2)
    error = np.square(near - target[:, 1:]).mean()
    grid = np.linspace(0.02, 0.7, 18)
    searched = [np.square(descent(x, y, (a, b))[:, 1:] - target[:, 1:]).mean() for a in grid for b in grid]
    assert 1e-6 < error <= min(searched)
