"""One transformer block: h <- h + Attention(norm(h)), then h <- h + MLP(norm(h)) (pre-norm, as in GPT-2)."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ickrr.model.attention import Attention, Visibility


def gelu(hidden: Tensor) -> Tensor:
    """GELU in its tanh form, 0.5 h (1 + tanh(sqrt(2/pi) (h + 0.044715 h^3))): GPT-2's nonlinearity."""
    return nn.functional.gelu(hidden, approximate="tanh")


SMALLEST_DIVISOR = 1e-30
"""Divisors up to this are taken for 0: below the squares of float64's rounding beside numbers of order 1."""

NONLINEARITIES: dict[str, Callable[[Tensor], Tensor]] = {"gelu": gelu, "relu": torch.relu}


class MLP(nn.Module):
    """Two linear maps with a nonlinearity between: W_down act(W_up h + b_up) + b_down.

    Args:
        width: width of the residual stream.
        hidden: number of hidden units.
        nonlinearity: a key of `NONLINEARITIES`.
    """

    def __init__(self, width: int, hidden: int, nonlinearity: str) -> None:
        super().__init__()
        self.nonlinearity = NONLINEARITIES[nonlinearity]
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the update of every token, (B, T, width)."""
        update: Tensor = self.down(self.nonlinearity(self.up(tokens)))  # (B, T, hidden) inside
        return update


class BilinearMLP(nn.Module):
    """Product of two linear maps: W_down ((W_up h + b_up) * (W_gate h + b_gate)) + b_down.

    Exact products of channels, where `MLP` can only approximate them.

    Args:
        width: width of the residual stream.
        hidden: number of products.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.gate = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the update of every token, (B, T, width)."""
        update: Tensor = self.down(self.up(tokens) * self.gate(tokens))  # (B, T, hidden) inside
        return update


class RationalMLP(BilinearMLP):
    """Product of two linear maps over a third: W_down (u * v / w) + b_down with u = W_up h + b_up and so on.

    Exact quotients of channels. A unit whose divisor is at most `SMALLEST_DIVISOR` is 0, so that an iteration
    that has converged stays where it is.

    Args:
        width: width of the residual stream.
        hidden: number of quotients.
    """

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden)
        self.divisor = nn.Linear(width, hidden)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the update of every token, (B, T, width)."""
        divisor = self.divisor(tokens)  # (B, T, hidden)
        divides = divisor > SMALLEST_DIVISOR
        quotient = self.up(tokens) * self.gate(tokens) / divisor.where(divides, 1.0)  # (B, T, hidden)
        update: Tensor = self.down(quotient.where(divides, 0.0))
        return update


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
