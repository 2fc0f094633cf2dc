"""Run a model with the attention of some heads replaced.

A head adds W V W_O to the stream, W its attention weights (T, S). With other weights W' in its place the
layer's update changes by (W' - W) V W_O, which a hook adds. Whatever comes after sees the changed stream.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from ickrr.interventions.kernel_heads import LayerKernels, fit_kernels
from ickrr.interventions.sequence import Sequence
from ickrr.model.attention import Attention, Visibility
from ickrr.model.transformer import Transformer

Head = tuple[int, int]
"""A layer, counted from 1, and a head of it, from 0."""

Operators = Callable[[int], Tensor]
"""Maps a number T of tokens to the weights that a head gets, (T, S) or (B, T, S)."""

Seen = Callable[[int, Tensor], None]
"""Looks at the number of a layer, counted from 1, and its attention weights, (B, H, T, S)."""


@contextmanager
def replaced(model: Transformer, operators: Mapping[Head, Operators]) -> Iterator[None]:
    """Replace the attention of heads while the context lasts."""
    with ExitStack() as stack:
        for layer in {layer for layer, _ in operators}:
            heads = {head: chosen for (place, head), chosen in operators.items() if place == layer}
            attention = _attention(model, layer)
            stack.callback(attention.register_forward_hook(_replacing(heads)).remove)
        yield


def _replacing(
    heads: Mapping[int, Operators],
) -> Callable[[nn.Module, tuple[Tensor, Visibility], Tensor], Tensor]:
    def change(module: nn.Module, arguments: tuple[Tensor, Visibility], update: Tensor) -> Tensor:
        attention, (tokens, visibility) = cast(Attention, module), arguments
        source = visibility.source(tokens)  # (B, S, width)
        if source.shape[1] == 0:  # no context yet, so that there is nothing to attend to
            return update
        weights = attention.weights(tokens, visibility)  # (B, H, T, S)
        values = attention.value(source).unflatten(-1, (attention.heads, -1))  # (B, S, H, d_head)
        changes = torch.zeros_like(attention.query(tokens)).unflatten(-1, (attention.heads, -1))
        for head, operators in heads.items():
            other = operators(tokens.shape[1]).to(weights) - weights[:, head]  # (B, T, S)
            changes[:, :, head] = other @ values[:, :, head]  # (B, T, d_head)
        added: Tensor = nn.functional.linear(changes.flatten(2), attention.output.weight)  # (B, T, width)
        return update + added

    return change


@contextmanager
def watched(model: Transformer, look: Seen) -> Iterator[None]:
    """Show the attention weights of all layers while the context lasts."""

    def hook(layer: int) -> Callable[[nn.Module, tuple[Tensor, Visibility]], None]:
        def watch(module: nn.Module, arguments: tuple[Tensor, Visibility]) -> None:
            tokens, visibility = arguments
            if visibility.source(tokens).shape[1]:
                look(layer, cast(Attention, module).weights(tokens, visibility))

        return watch

    with ExitStack() as stack:
        for layer in range(1, len(model.blocks) + 1):
            stack.callback(_attention(model, layer).register_forward_pre_hook(hook(layer)).remove)
        yield


def layer_kernels(model: Transformer, x: Tensor, y: Tensor) -> dict[int, LayerKernels]:
    """Fit kernels to all heads.

    Args:
        model: softmax attention.
        x: inputs of the fit prompts, (B, N+1, d).
        y: their labels, (B, N+1).

    Returns:
        By layer, counted from 1. Kernels are fitted to the prompts as a whole, at n = N.
    """
    precision, layout = model.readout.weight.dtype, model.settings.layout
    weights: dict[int, dict[int, Tensor]] = {}

    def look(layer: int, seen: Tensor) -> None:
        weights.setdefault(layer, {})[seen.shape[2]] = seen

    with torch.no_grad(), watched(model, look):
        model.residual_streams(x.to(precision), y.to(precision))
    found = {}
    for layer, by_tokens in weights.items():
        largest = max(by_tokens)
        sequence = Sequence.of(layout, largest)
        distances = sequence.distances(x)
        found[layer] = LayerKernels(
            kernel=fit_kernels(by_tokens[largest], sequence, distances, layout),
            flat=fit_kernels(by_tokens[largest], sequence, torch.zeros_like(distances), layout),
            mean={tokens: seen.mean(dim=0) for tokens, seen in by_tokens.items()},
        )
    return found


def _attention(model: Transformer, layer: int) -> Attention:
    return cast(Attention, model.blocks[layer - 1].attention)
