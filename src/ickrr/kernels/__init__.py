"""Kernels by name, one module each: ``NAME``, ``POSITIVE`` and ``covariance(x, z, lengthscale)``.

Stationary kernels, k(x, x') = g(|x - x'|^2; h) with g(0) = 1, also have ``profile(squared_distance,
lengthscale)``. ``POSITIVE`` kernels are positive everywhere, which the row-sum preconditioners of
`ickrr.solvers` rely on. Equations: Rasmussen and Williams, Gaussian Processes for Machine Learning (2006).
"""

from typing import TYPE_CHECKING

from ickrr.entries import KERNELS

if TYPE_CHECKING:
    from torch import Tensor


def covariance(name: str, x: "Tensor", z: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate a kernel between two sets of points.

    Args:
        name: name of the kernel.
        x: points, (..., n, d).
        z: points, (..., m, d).
        lengthscale: h > 0, input units.

    Returns:
        (..., n, m).
    """
    values: Tensor = KERNELS.load(name).covariance(x, z, lengthscale)
    return values
