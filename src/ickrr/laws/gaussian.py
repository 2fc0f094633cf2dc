"""Standard normal points."""

from typing import TYPE_CHECKING

from ickrr.laws.normal import normal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NAME = "Gaussian"
LINE = 2.5


def draw(shape: tuple[int, ...], generator: "torch.Generator") -> "Tensor":
    """Draw points of a shape (..., d), float64, on the generator's device."""
    return normal(shape, generator)


def mean_square_norm(dimension: int) -> float:
    """Return E|x|^2."""
    return float(dimension)
