"""Label Jacobians against finite differences, and superposition for what is linear and what is not."""

import numpy as np
import pytest
import torch

from ickrr.comparison.probe import fit_readouts
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.linearity.responses import (
    Responses,
    conjugate_predictor,
    label_jacobians,
    layer_predictor,
    other_labels,
)
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer

RIDGE = 0.09
STEPS = 4


def gaussian(x):
    return torch.exp(-(x[:, :, None] - x[:, None]).square().sum(dim=3) / 2)


@pytest.fixture(scope="module")
def prompts():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(6, 9, 3, generator=generator, dtype=torch.float64)
    return x, torch.randn(6, 9, generator=generator, dtype=torch.float64)


def model_predictor(layout, x, y):
    """Return the layers of a small model with random weights."""
    model = Transformer(ModelSettings(layers=2, width=8, heads=2, layout=layout), 3, 8)
    initialise(model, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    model.double()
    return layer_predictor(model, fit_readouts(model.residual_streams, x, y, ProbeSettings()))


def richardson_predictor(steps):
    """Return steps of preconditioned Richardson, by loops over the prefixes."""

    def predict(x, y):
        kernel = gaussian(x)
        columns = [torch.zeros_like(y[:, 0])]
        for n in range(1, y.shape[1]):
            matrix = kernel[:, :n, :n] + RIDGE * torch.eye(n, dtype=torch.float64)
            weights = torch.zeros_like(y[:, :n])
            for _ in range(steps):
                residual = y[:, :n] - (matrix @ weights[..., None])[..., 0]
                weights = weights + residual / matrix.sum(dim=2)
            columns.append((kernel[:, n, :n] * weights).sum(dim=1))
        return torch.stack(columns, dim=1)[None]

    return predict


def differences(predict, x, y, size=1e-6):
    """Return dp/dy by central differences."""
    columns = []
    with torch.no_grad():
        for label in range(y.shape[1] - 1):
            step = torch.zeros_like(y)
            step[:, label] = size
            columns.append((predict(x, y + step) - predict(x, y - step)) / (2 * size))
    return torch.stack(columns, dim=-1)


@pytest.mark.parametrize("which", ["interleaved", "paired", "CG"])
def test_jacobians_are_finite_differences(prompts, which):
    """Fails if a derivative is of another label, prompt or layer, or a part of a model is left out."""
    x, y = prompts
    predict = conjugate_predictor(gaussian, RIDGE, STEPS) if which == "CG" else model_predictor(which, x, y)
    found = label_jacobians(predict, x, y)
    torch.testing.assert_close(found, differences(predict, x, y), rtol=1e-5, atol=1e-7)
    assert found.abs().max() > 1e-3
    later = torch.ones(9, 8).triu()  # entry n knows the labels before it only
    assert float((found * later).abs().max()) == 0


def responses(predict, prompts):
    x, y = prompts
    second = other_labels(gaussian(x), RIDGE, torch.Generator().manual_seed(2))
    return Responses.of(predict, x, (y, second), slice(3, 9), chunk=4)


def relative(found):
    with np.errstate(invalid="ignore"):  # step 0 predicts zero
        return {name: np.sqrt(a.sum(axis=1) / b.sum(axis=1)) for name, (a, b) in found.errors().items()}


def test_richardson_is_linear(prompts):
    """Fails if a linear solver has an error of superposition, or its Jacobian depends on the labels."""
    for name, error in relative(responses(richardson_predictor(5), prompts)).items():
        assert error[0] < 1e-12, name


def test_conjugate_gradients_are_homogeneous_but_not_linear(prompts):
    """Fails if conjugate gradients pass for linear, or S y is not p although they are homogeneous."""
    found = responses(conjugate_predictor(gaussian, RIDGE, STEPS), prompts)
    for name, error in relative(found).items():
        assert (error[1:4] > 0.02).all(), name
    _, y = prompts
    again = np.einsum("mbcn,bn->mbc", found.jacobians[0], y[:, :-1].numpy())
    np.testing.assert_allclose(again, found.plain[0], atol=1e-9)


def test_chunks_do_not_matter(prompts):
    """Fails if prompts are lost or reordered between chunks."""
    predict = conjugate_predictor(gaussian, RIDGE, 2)
    x, y = prompts
    small, whole = (Responses.of(predict, x, (y, 2 * y), slice(3, 9), chunk) for chunk in (1, 6))
    for name in ("plain", "summed", "rotated", "jacobians"):
        np.testing.assert_allclose(getattr(small, name), getattr(whole, name), atol=1e-12)


def test_steps_between_steps_are_interpolated(prompts):
    """Fails if a whole step is not that step, or a half is not the mean of its neighbours, for any length."""
    found = responses(conjugate_predictor(gaussian, RIDGE, STEPS), prompts)
    positions = np.array([0.0, 1.0, 2.5, 4.0, 3.0, 0.5])
    between = found.interpolated(positions)
    for name, axis in (("plain", 1), ("summed", 0), ("rotated", 0), ("jacobians", 1)):
        steps, mixed = (
            np.moveaxis(getattr(found, name), axis, 0),
            np.moveaxis(getattr(between, name), axis, 0),
        )
        assert len(mixed) == 1
        length = mixed[0].ndim - (2 if name == "jacobians" else 1)
        for column, position in enumerate(positions):
            low, high = int(np.floor(position)), int(np.ceil(position))
            expected = (steps[low] + steps[high]) / 2
            np.testing.assert_allclose(
                np.take(mixed[0], column, axis=length), np.take(expected, column, axis=length), atol=1e-12
            )


def test_other_labels_have_the_covariance_of_the_task():
    """Fails if the second labels are of another law than the first."""
    x = torch.randn(1, 4, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    kernel = gaussian(x).expand(40_000, -1, -1)
    drawn = other_labels(kernel, RIDGE, torch.Generator().manual_seed(4)).numpy()
    expected = kernel[0].numpy() + RIDGE * np.eye(4)
    np.testing.assert_allclose(drawn.T @ drawn / len(drawn), expected, atol=0.03)
