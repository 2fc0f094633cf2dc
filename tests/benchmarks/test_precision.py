"""Emulated precisions against rounding by hand."""

from importlib import import_module
from types import ModuleType

import numpy as np
import pytest
import torch
from support import ROOT


@pytest.fixture
def precision(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The benchmark as a module; `benchmarks` is not installed."""
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.precision")


def nearest(values: np.ndarray, bits: int) -> np.ndarray:
    """Round to a number of significant bits through float64, ties to even."""
    mantissa, exponent = np.frexp(values.astype(np.float64))
    return np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits)


def test_tf32_keeps_eleven_significant_bits(precision):
    """Fails if factors are truncated, or keep more or fewer bits than the hardware's."""
    values = torch.randn(5000) * torch.logspace(-20, 20, 5000)
    ties = torch.tensor([1 + 2.0**-11, 1 + 3 * 2.0**-11, -1 - 2.0**-11, 0.0])
    for found in (values, ties):
        np.testing.assert_array_equal(precision.tf32(found).double().numpy(), nearest(found.numpy(), 11))
        np.testing.assert_array_equal(precision.bfloat16(found).double().numpy(), nearest(found.numpy(), 8))


def test_products_of_both_passes_are_rounded(precision):
    """Fails if the backward pass or a bias escapes, or is rounded too much."""
    torch.manual_seed(0)
    x, upstream = torch.randn(7, 5, requires_grad=True), torch.randn(7, 3)
    layer = torch.nn.Linear(5, 3)
    with precision.RoundedProducts("tf32") as mode:
        result = layer(x)
        result.backward(upstream)
    weight = precision.tf32(layer.weight.detach())
    torch.testing.assert_close(
        result, precision.tf32(x.detach()) @ weight.T + layer.bias, rtol=1e-6, atol=1e-6
    )
    torch.testing.assert_close(x.grad, precision.tf32(upstream) @ weight, rtol=1e-6, atol=1e-6)
    assert (x.grad - upstream @ layer.weight.detach()).abs().max() > 1e-5
    assert mode.products == 3


def test_bfloat16_rounds_the_results_too(precision):
    """Fails if a product in bfloat16 keeps float32's digits, or the attention's normalisers lose theirs."""
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 2, 1, 6, 8)
    with precision.RoundedProducts("bfloat16") as mode:
        found = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    assert mode.products >= 1
    assert torch.equal(found, precision.bfloat16(found))
    rounded = [precision.bfloat16(tensor).double() for tensor in (query, key, value)]
    expected = torch.nn.functional.scaled_dot_product_attention(*rounded)
    torch.testing.assert_close(found.double(), expected, rtol=2**-8, atol=2**-9)
