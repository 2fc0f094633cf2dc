"""MLPs of hand-built models: products and quotients of channels, exact or by banks of ReLU units."""

from collections.abc import Callable
from typing import Final

from torch import Tensor, nn

from ickrr.config.model import BuiltMLPKind, BuiltModelSettings
from ickrr.model.banks import BankedMLP

SMALLEST_DIVISOR: Final = 1e-30
"""Divisors up to this count as 0: it is below the square of float64's rounding of numbers of order 1."""


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


BUILT_MLPS: Final[dict[BuiltMLPKind, Callable[[BuiltModelSettings], nn.Module]]] = {
    "relu_banks": lambda settings: BankedMLP(
        settings.width, settings.hidden, settings.banks, settings.bank_units
    ),
    "bilinear": lambda settings: BilinearMLP(settings.width, settings.hidden),
    "rational": lambda settings: RationalMLP(settings.width, settings.hidden),
}
"""MLPs of built models by kind."""
