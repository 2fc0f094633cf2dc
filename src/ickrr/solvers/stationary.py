"""Stationary iterations a <- a + W (y - A a) with a diagonal W: Richardson and its preconditioned forms.

The error contracts by I - W A: it converges if and only if the eigenvalues of W A lie in (0, 2).
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem


def stationary_iteration(system: "KernelSystem", weights: "Tensor") -> "Iterator[Tensor]":
    """Yield the predictions of a <- a + W (y - A a) from a = 0.

    Args:
        system: the linear systems.
        weights: the diagonals of W, (B, points, prefixes), zero outside each prefix.
    """
    import torch

    coefficients = torch.zeros_like(system.kernel)  # (B, points, prefixes)
    while True:
        product = torch.bmm(system.kernel, coefficients)  # (B, points, prefixes)
        yield product.diagonal(dim1=1, dim2=2)  # (B, prefixes)
        residual = torch.sub(system.right_hand_sides, product)  # (B, points, prefixes)
        residual.sub_(coefficients, alpha=system.ridge)
        coefficients.addcmul_(weights, residual)
