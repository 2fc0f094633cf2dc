"""Attention: the fused kernel against the manual one, and the manual one against loops."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.config.model import FUSED_FROM
from ickrr.model.attention import CAUSAL, Attention, Visibility


def attention(kind="softmax", scale="mean", heads=2, width=8, head_width=None):
    torch.manual_seed(0)
    return Attention(width, heads, kind, scale, head_width).double()


def tokens(count=5, width=8):
    generator = torch.Generator().manual_seed(3)
    return torch.randn(2, count, width, generator=generator, dtype=torch.float64)


def by_loops(layer, h, visibility):
    """The definition, one token, head and key at a time."""
    batch, count, _ = h.shape
    size = layer.query.out_features // layer.heads
    visible = visibility.matrix(count, h.device)
    query, key, value = (part(h).detach() for part in (layer.query, layer.key, layer.value))
    mixed = torch.zeros(batch, count, size * layer.heads, dtype=h.dtype)
    for b in range(batch):
        for head in range(layer.heads):
            part = slice(head * size, (head + 1) * size)
            for i in range(count):
                seen = [j for j in range(visible.shape[1]) if visible[i, j]]
                scores = [float(query[b, i, part] @ key[b, j, part]) / math.sqrt(size) for j in seen]
                if layer.kind == "linear":
                    weights, total = scores, len(seen)
                else:
                    weights = [math.exp(s) for s in scores]
                    total = sum(weights) if layer.kind == "softmax" else len(seen)
                if layer.kind != "softmax" and not layer.mean:
                    total = 1
                for weight, j in zip(weights, seen, strict=True):
                    mixed[b, i, part] += weight / total * value[b, j, part]
    return layer.output(mixed)


MASK = torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0], [0, 0, 1]], dtype=torch.bool)


@pytest.mark.parametrize("kind", ["softmax", "linear", "unnormalised_exp"])
@pytest.mark.parametrize("scale", ["mean", "sum"])
@pytest.mark.parametrize("head_width", [None, 3])
@pytest.mark.parametrize(
    "visibility",
    [
        CAUSAL,
        Visibility(keys=3),
        Visibility(keys=0),
        Visibility(keys=3, mask=MASK),
        Visibility(keys=2, causal=True),
    ],
    ids=["causal", "context", "empty", "mask", "causal-context"],
)
def test_equals_the_definition(kind, scale, head_width, visibility):
    """Fails if a weight, normaliser, scale, head split, mask or the empty row is wrong."""
    layer = attention(kind, scale, head_width=head_width)
    h = tokens()
    expected = by_loops(layer, h, visibility)
    for layer.fused in (None, True, False):
        torch.testing.assert_close(layer(h, visibility), expected)


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 9),
    heads=st.sampled_from([1, 2, 4]),
    keys=st.one_of(st.none(), st.integers(0, 9)),
)
def test_fused_equals_manual_with_gradients(count, heads, keys):
    """Fails if the fused kernel's values or gradients differ from the manual ones."""
    layer = attention(heads=heads)
    visibility = CAUSAL if keys is None else Visibility(keys=min(keys, count))
    results = []
    for fused in (True, False):
        layer.fused = fused
        h = tokens(count).requires_grad_()
        output = layer(h, visibility)
        output.square().sum().backward()
        results.append((output.detach(), h.grad))
    torch.testing.assert_close(results[0], results[1])


@pytest.mark.parametrize(("count", "fused"), [(FUSED_FROM - 1, False), (FUSED_FROM, True)])
def test_long_prompts_take_the_fused_kernel(monkeypatch, count, fused):
    """Fails if short prompts on a CPU go through the slower fused kernel, or long ones do not."""
    kernel, calls = torch.nn.functional.scaled_dot_product_attention, []

    def counted(*tensors, **options):
        calls.append(tensors)
        return kernel(*tensors, **options)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", counted)
    attention()(tokens(count), CAUSAL)
    assert bool(calls) is fused


@pytest.mark.parametrize("kind", ["softmax", "linear", "unnormalised_exp"])
def test_hidden_rows_have_finite_gradients(kind):
    """Fails if a token that sees nothing, or keys that nobody sees, send NaN into the gradient."""
    layer = attention(kind)
    h = tokens().requires_grad_()
    layer(h, Visibility(keys=3, mask=MASK)).square().sum().backward()
    assert h.grad.isfinite().all()


def test_softmax_weights_are_a_distribution():
    """Fails if visible weights do not sum to one or a hidden key gets weight."""
    weights = attention().weights(tokens(), Visibility(keys=3, mask=MASK))
    rows = MASK.any(-1).double().expand(2, 2, 5)
    torch.testing.assert_close(weights.sum(-1), rows)
    assert not weights.masked_select(~MASK).any()
