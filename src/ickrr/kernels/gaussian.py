"""Gaussian (RBF) kernel exp(-r^2 / (2 h^2)); eq. 4.9."""

from typing import TYPE_CHECKING

from ickrr.kernels.distances import of_distances

if TYPE_CHECKING:
    from torch import Tensor

NAME = "Gaussian"
POSITIVE = True


def profile(squared_distance: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate the kernel at distances of any shape.

    Args:
        squared_distance: r^2, input units squared.
        lengthscale: h > 0, input units.
    """
    import torch

    return torch.exp(squared_distance * (-0.5 / lengthscale**2))


covariance = of_distances(profile)
