"""Matérn-3/2 kernel (1 + s) exp(-s), s = sqrt(3) r / h; eq. 4.17."""

import math
from typing import TYPE_CHECKING

from ickrr.kernels.distances import of_distances

if TYPE_CHECKING:
    from torch import Tensor

NAME = "Matérn-3/2"
POSITIVE = True


def profile(squared_distance: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate the kernel at distances of any shape.

    Args:
        squared_distance: r^2, input units squared.
        lengthscale: h > 0, input units.
    """
    import torch

    scaled = squared_distance.sqrt() * (math.sqrt(3) / lengthscale)
    return (1 + scaled) * torch.exp(-scaled)


covariance = of_distances(profile)
