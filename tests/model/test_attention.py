"""Attention: the fused kernel against the manual one, and the manual one against loops."""

import math
from typing import get_args
from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.config.model import FUSED_FROM, AttentionKind
from ickrr.model.attention import CAUSAL, WEIGHTS, Attention, Visibility


def attention(kind="softmax", mean=True, heads=2, width=8, head_width=None):
    torch.manual_seed(0)
    return Attention(width, heads, head_width or width // heads, kind, mean).double()


def fused_from(keys):
    """While it is entered, the fused kernel is used from that many keys on."""
    return mock.patch("ickrr.model.attention.FUSED_FROM", keys)


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


def test_every_kind_of_the_schema_is_there():
    """Fails if the schema allows a kind of attention that does not exist, or lacks one that does."""
    assert set(WEIGHTS) == set(get_args(AttentionKind))


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("mean", [True, False])
@pytest.mark.parametrize("head_width", [None, 3])
@pytest.mark.parametrize(
    "visibility",
    [CAUSAL, Visibility(keys=3), Visibility(keys=0)],
    ids=["causal", "context", "empty"],
)
def test_equals_the_definition(kind, mean, head_width, visibility):
    """Fails if a weight, normaliser, scale, head split, hidden key or the empty context is wrong."""
    layer = attention(kind, mean, head_width=head_width)
    h = tokens()
    expected = by_loops(layer, h, visibility)
    for keys in (0, FUSED_FROM):
        with fused_from(keys):
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
    for first in (0, FUSED_FROM):
        h = tokens(count).requires_grad_()
        with fused_from(first):
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


@pytest.mark.parametrize("kind", WEIGHTS)
@pytest.mark.parametrize("visibility", [CAUSAL, Visibility(keys=0)], ids=["causal", "empty"])
def test_hidden_keys_leave_gradients_finite(kind, visibility):
    """Fails if a hidden key, or a token that sees nothing, sends NaN into the gradient."""
    layer = attention(kind)
    h = tokens().requires_grad_()
    layer(h, visibility).square().sum().backward()
    assert h.grad.isfinite().all()


def test_softmax_weights_are_a_distribution():
    """Fails if visible weights do not sum to one or a hidden key gets weight."""
    weights = attention().weights(tokens(), CAUSAL)  # (B, H, T, T)
    torch.testing.assert_close(weights.sum(-1), torch.ones_like(weights[..., 0]))
    assert not weights.triu(1).any()
