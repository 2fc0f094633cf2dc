"""Laplace (exponential, Matérn-1/2) kernel exp(-r / h); eq. 4.18.

r is the Euclidean distance (scikit-learn's ``laplacian_kernel`` takes the l1 distance instead).
"""

from typing import TYPE_CHECKING

from ickrr.kernels.distances import of_distances

if TYPE_CHECKING:
    from torch import Tensor

NAME = "Laplace"
POSITIVE = True


def profile(squared_distance: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate the kernel at distances of any shape.

    Args:
        squared_distance: r^2, input units squared.
        lengthscale: h > 0, input units.
    """
    import torch

    return torch.exp(squared_distance.sqrt() * (-1 / lengthscale))


covariance = of_distances(profile)
