"""Kernels by name: stationary ones, k(x, x') = g(|x - x'|^2; h) with g(0) = 1, and the linear one.

Every stationary kernel maps squared distances and a lengthscale h > 0 to covariances of the same shape.
All are positive everywhere, which the row-sum preconditioners of `ickrr.solvers` rely on; the linear kernel
is not. Equations are those of Rasmussen and Williams, Gaussian Processes for Machine Learning (2006).
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ickrr.config.task import KernelName

Kernel = Callable[[Tensor, float], Tensor]


def squared_distances(x: Tensor, z: Tensor) -> Tensor:
    """Squared Euclidean distances |x_i - z_j|^2.

    Summed over coordinates from differences: the expansion |x|^2 + |z|^2 - 2 x.z is faster for
    large d, but leaves 1e-16 on the diagonal, whose root (1e-8) the non-smooth kernels would see.

    Args:
        x: points, (..., n, d).
        z: points, (..., m, d).

    Returns:
        (..., n, m); exactly zero for equal points, exactly symmetric for z = x.
    """
    total = (x[..., :, None, 0] - z[..., None, :, 0]).square()  # (..., n, m)
    for coordinate in range(1, x.shape[-1]):
        difference = x[..., :, None, coordinate] - z[..., None, :, coordinate]  # (..., n, m)
        total.addcmul_(difference, difference)
    return total


def gaussian(squared_distance: Tensor, lengthscale: float) -> Tensor:
    """Gaussian (RBF) kernel exp(-r^2 / (2 h^2)); eq. 4.9.

    Args:
        squared_distance: r^2, any shape, input units squared.
        lengthscale: h > 0, input units.
    """
    return torch.exp(squared_distance * (-0.5 / lengthscale**2))


def laplace(squared_distance: Tensor, lengthscale: float) -> Tensor:
    """Laplace (exponential, Matérn-1/2) kernel exp(-r / h); eq. 4.18.

    r is the Euclidean distance (scikit-learn's ``laplacian_kernel`` takes the l1 distance instead).

    Args:
        squared_distance: r^2, any shape, input units squared.
        lengthscale: h > 0, input units.
    """
    return torch.exp(squared_distance.sqrt() * (-1 / lengthscale))


def matern32(squared_distance: Tensor, lengthscale: float) -> Tensor:
    """Matérn-3/2 kernel (1 + s) exp(-s), s = sqrt(3) r / h; eq. 4.17.

    Args:
        squared_distance: r^2, any shape, input units squared.
        lengthscale: h > 0, input units.
    """
    scaled = squared_distance.sqrt() * (math.sqrt(3) / lengthscale)
    return (1 + scaled) * torch.exp(-scaled)


def matern52(squared_distance: Tensor, lengthscale: float) -> Tensor:
    """Matérn-5/2 kernel (1 + s + s^2/3) exp(-s), s = sqrt(5) r / h; eq. 4.17.

    Args:
        squared_distance: r^2, any shape, input units squared.
        lengthscale: h > 0, input units.
    """
    scaled = squared_distance.sqrt() * (math.sqrt(5) / lengthscale)
    return (1 + scaled + scaled.square() / 3) * torch.exp(-scaled)


STATIONARY: dict[KernelName, Kernel] = {
    "gaussian": gaussian,
    "matern32": matern32,
    "matern52": matern52,
    "laplace": laplace,
}


def covariance(name: KernelName, x: Tensor, z: Tensor, lengthscale: float) -> Tensor:
    """Evaluate a kernel between two sets of points.

    Args:
        name: a key of `STATIONARY`, or ``linear``: x.z / h^2, Bayesian linear regression with weights
            N(0, I/h^2) (section 2.1.2).
        x: points, (..., n, d).
        z: points, (..., m, d).
        lengthscale: h > 0, input units.

    Returns:
        (..., n, m).
    """
    if name == "linear":
        return x @ z.transpose(-2, -1) / lengthscale**2
    return STATIONARY[name](squared_distances(x, z), lengthscale)
