"""One transformer block: h <- h + Attention(norm(h)), then h <- h + MLP(norm(h)) (pre-norm, as in GPT-2)."""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from torch import Tensor, nn

from ickrr.config.model import MLPKind, NormKind
from ickrr.model.attention import Attention, Visibility

LAYER_NORM_EPSILON: Final = 1e-5  # GPT-2's


def gelu(hidden: Tensor) -> Tensor:
    """Return GELU in its tanh form, 0.5 h (1 + tanh(sqrt(2/pi) (h + 0.044715 h^3))), as in GPT-2."""
    return nn.functional.gelu(hidden, approximate="tanh")


class MLP(nn.Module):
    """Two linear maps with a nonlinearity between them: W_down act(W_up h + b_up) + b_down.

    Args:
        width: width of the residual stream.
        hidden: number of hidden units.
        nonlinearity: act, applied to every hidden unit.
    """

    def __init__(self, width: int, hidden: int, nonlinearity: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.nonlinearity = nonlinearity
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the update of every token, (B, T, width)."""
        update: Tensor = self.down(self.nonlinearity(self.up(tokens)))  # (B, T, hidden) -> (B, T, width)
        return update


def no_mlp(width: int, hidden: int) -> None:
    """Return no MLP: the block is attention alone."""


MLPS: Final[dict[MLPKind, Callable[[int, int], nn.Module | None]]] = {
    "gelu": partial(MLP, nonlinearity=gelu),
    "relu": partial(MLP, nonlinearity=torch.relu),
    "none": no_mlp,
}
"""MLPs of trained models by kind, made from width and hidden units."""

NORMS: Final[dict[NormKind, Callable[[int], nn.Module]]] = {
    "layernorm": partial(nn.LayerNorm, eps=LAYER_NORM_EPSILON),
    "none": nn.Identity,
}
"""Normalisations by kind, made from the width."""


class Block(nn.Module):
    """Attention and MLP, each on the normalised residual stream and added back to it.

    Args:
        attention: the attention sublayer.
        mlp: the MLP sublayer, or None for a block without one.
        norm: makes one normalisation (`nn.LayerNorm` or `nn.Identity`) for a width.
        width: width of the residual stream.
    """

    def __init__(
        self, attention: Attention, mlp: nn.Module | None, norm: Callable[[int], nn.Module], width: int
    ) -> None:
        super().__init__()
        self.attention_norm = norm(width)
        self.attention = attention
        self.mlp_norm = None if mlp is None else norm(width)
        self.mlp = mlp

    def forward(self, tokens: Tensor, visibility: Visibility) -> Tensor:
        """Return the next residual stream, (B, T, width), for tokens (B, T, width)."""
        tokens = tokens + self.attention(self.attention_norm(tokens), visibility)  # (B, T, width)
        if self.mlp is not None and self.mlp_norm is not None:
            tokens = tokens + self.mlp(self.mlp_norm(tokens))  # (B, T, width)
        return tokens
