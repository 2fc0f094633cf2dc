"""Standard normal numbers, of which laws, functions and noise are made."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def normal(shape: tuple[int, ...], generator: "torch.Generator") -> "Tensor":
    """Draw standard normal numbers of a shape, float64, on the generator's device."""
    import torch

    return torch.randn(shape, generator=generator, dtype=torch.float64, device=generator.device)
