"""Uniform on the cube [-1, 1]^d."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NAME = "Cube"
LINE = 1.0


def draw(shape: tuple[int, ...], generator: "torch.Generator") -> "Tensor":
    """Draw points of a shape (..., d), float64, on the generator's device."""
    import torch

    draws = torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device)
    return 2 * draws - 1


def mean_square_norm(dimension: int) -> float:
    """Return E|x|^2."""
    return dimension / 3
