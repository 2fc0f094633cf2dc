"""Squared distances, of which stationary kernels are functions."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def squared_distances(x: "Tensor", z: "Tensor") -> "Tensor":
    """Return the squared Euclidean distances |x_i - z_j|^2.

    They are sums of squared differences. The expansion |x|^2 + |z|^2 - 2 x.z is faster for large d, but
    leaves 1e-16 on the diagonal, whose root, 1e-8, would change the kernels that are not smooth.

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


def of_distances(
    profile: "Callable[[Tensor, float], Tensor]",
) -> "Callable[[Tensor, Tensor, float], Tensor]":
    """Return the ``covariance`` of a stationary kernel with a ``profile``; see `ickrr.kernels`."""

    def covariance(x: "Tensor", z: "Tensor", lengthscale: float) -> "Tensor":
        """Evaluate the kernel between points (..., n, d) and (..., m, d); (..., n, m)."""
        return profile(squared_distances(x, z), lengthscale)

    return covariance
