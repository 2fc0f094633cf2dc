"""Uniform on the unit sphere of R^d."""

from typing import TYPE_CHECKING

from ickrr.laws.normal import normal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NAME = "Sphere"
LINE = None  # on a line, the sphere is two points


def draw(shape: tuple[int, ...], generator: "torch.Generator") -> "Tensor":
    """Draw points of a shape (..., d), float64, on the generator's device."""
    import torch

    return torch.nn.functional.normalize(normal(shape, generator), dim=-1)


def mean_square_norm(dimension: int) -> float:
    """Return E|x|^2."""
    return 1.0
