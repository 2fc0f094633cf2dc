"""Replaced heads against forward passes that are written out, and against what must change nothing."""

import numpy as np
import pytest
import torch

from ickrr.config.model import ModelSettings
from ickrr.interventions.effects import permuted_points
from ickrr.interventions.plan import operators_of
from ickrr.interventions.replacing import layer_kernels, replaced, watched
from ickrr.model.attention import CAUSAL
from ickrr.model.initialisation import initialise
from ickrr.model.tokens import interleave
from ickrr.model.transformer import Transformer


def model_of(layout):
    """Return a small model with random weights, large enough that all of it matters."""
    model = Transformer(ModelSettings(layers=2, width=8, heads=2, layout=layout), 3, 6)
    initialise(model, torch.Generator().manual_seed(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return model.double()


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_own_weights_change_nothing(layout, prompts):
    """Fails if a head that is given its own attention predicts anything else."""
    model, (x, y) = model_of(layout), prompts
    seen = {}
    with (
        torch.no_grad(),
        watched(model, lambda layer, weights: seen.update({(layer, weights.shape[2]): weights})),
    ):
        before = model.residual_streams(x, y)
    chosen = {
        (layer, head): lambda tokens, layer=layer, head=head: seen[layer, tokens][:, head]
        for layer in (1, 2)
        for head in (0, 1)
    }
    with torch.no_grad(), replaced(model, chosen):
        after = model.residual_streams(x, y)
    torch.testing.assert_close(after, before)


def test_other_weights_are_what_the_head_uses(prompts):
    """Fails if the change is put on another head or layer, or the bias is added twice.

    The layer is computed with both heads' weights written out: update = sum_h W_h V_h O_h + b.
    """
    model, (x, y) = model_of("interleaved"), prompts
    attention = model.blocks[1].attention
    weights, inputs = {}, {}
    handle = attention.register_forward_pre_hook(lambda _, given: inputs.update(tokens=given[0]))
    with torch.no_grad(), watched(model, lambda layer, seen: weights.update({layer: seen})):
        streams = list(model.layers(model._embed(interleave(x, y)), CAUSAL))
    handle.remove()
    tokens = inputs["tokens"]
    flat = torch.ones(13, 13, dtype=torch.float64).tril()
    flat /= flat.sum(1, keepdim=True)
    with torch.no_grad(), replaced(model, {(2, 1): lambda count: flat[:count, :count]}):
        found = attention(tokens, CAUSAL)
    values = (tokens @ attention.value.weight.T + attention.value.bias).unflatten(-1, (2, 4))
    mixed = torch.stack((weights[2][:, 0] @ values[:, :, 0], flat @ values[:, :, 1]), dim=2).flatten(2)
    expected = mixed @ attention.output.weight.T + attention.output.bias
    torch.testing.assert_close(found, expected)
    assert not torch.allclose(found, attention(tokens, CAUSAL))  # and it is gone afterwards
    assert len(streams) == 3


def test_a_head_that_is_a_kernel_can_be_replaced_by_it(kernel_model, prompts):
    """Fails if the fitted kernel of such a head predicts otherwise, or permuted points predict the same."""
    x, y = prompts
    kernels = layer_kernels(kernel_model, x[:20], y[:20])[1]
    assert kernels.left().item() < 1e-3
    np.testing.assert_allclose((2 * kernels.kernel.beta).numpy() ** -0.5, 0.8, rtol=1e-2)
    permuted = torch.from_numpy(permuted_points(x.numpy(), np.random.default_rng(0)))
    with torch.no_grad():
        before = kernel_model(x, y)
    gaps = {}
    for replacement in ("kernel", "permuted", "flat", "mean"):
        operators = operators_of(replacement, (1, 0), kernels, x, permuted, "paired")
        with torch.no_grad(), replaced(kernel_model, {(1, 0): operators}):
            gaps[replacement] = float((kernel_model(x, y) - before).abs().mean())
    assert gaps["kernel"] < 1e-3
    assert min(gaps[name] for name in ("permuted", "flat", "mean")) > 0.05


def test_points_are_permuted_within_their_prompts():
    """Fails if a point leaves its prompt or is taken apart, or all prompts share an order."""
    x = np.arange(60.0).reshape(5, 4, 3)
    found = permuted_points(x, np.random.default_rng(0))
    orders = []
    for before, after in zip(x, found, strict=True):
        assert sorted(map(tuple, before)) == sorted(map(tuple, after))
        orders.append(tuple(np.argsort(after[:, 0])))
    assert len(set(orders)) > 1
