"""Gaussian (RBF) kernel exp(-r^2 / (2 h^2)); eq. 4.9."""

from typing import TYPE_CHECKING

from ickrr.kernels.distances import squared_distances

if TYPE_CHECKING:
    from torch import Tensor

NAME = "Gaussian"
POSITIVE = True


def covariance(x: "Tensor", z: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate the kernel between points (..., n, d) and (..., m, d); (..., n, m)."""
    return profile(squared_distances(x, z), lengthscale)


def profile(squared_distance: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate the kernel at distances.

    Args:
        squared_distance: r^2, any shape, input units squared.
        lengthscale: h > 0, input units.
    """
    import torch

    return torch.exp(squared_distance * (-0.5 / lengthscale**2))
