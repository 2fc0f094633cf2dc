"""Linear kernel x.x' / h^2: Bayesian linear regression with weights N(0, I/h^2); section 2.1.2."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

NAME = "Linear"
POSITIVE = False


def covariance(x: "Tensor", z: "Tensor", lengthscale: float) -> "Tensor":
    """Evaluate the kernel between points (..., n, d) and (..., m, d); (..., n, m)."""
    return x @ z.transpose(-2, -1) / lengthscale**2
