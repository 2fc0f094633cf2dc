"""Conjugate gradients with a diagonal preconditioner.

Predictions are summed from the updates: a += alpha p adds alpha k_n^T p, which the product K p already holds.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem


def conjugate_gradients(system: "KernelSystem", preconditioner: "Tensor") -> "Iterator[Tensor]":
    """Yield the predictions of preconditioned conjugate gradients from a = 0.

    A system stops once its residual, in the preconditioner's norm, has shrunk by the rounding unit: further
    step sizes would be ratios of rounding errors.

    Args:
        system: the linear systems.
        preconditioner: diagonals, (points, prefixes) or (B, points, prefixes), zero outside each prefix.
    """
    import torch

    residual = system.right_hand_sides.clone()  # (B, points, prefixes)
    direction = preconditioner * residual
    size = (residual * direction).sum(dim=1)  # (B, prefixes)
    smallest = torch.finfo(torch.float64).eps ** 2 * size  # (B, prefixes)
    predictions = torch.zeros_like(system.labels)  # (B, prefixes)
    while True:
        yield predictions
        product = torch.bmm(system.kernel, direction)  # (B, points, prefixes)
        image = (product * system.mask).add_(direction, alpha=system.ridge)  # A_n p_n
        curvature = (direction * image).sum(dim=1)  # (B, prefixes)
        live = (size > smallest) & (curvature > 0)  # (B, prefixes)
        step = torch.where(live, size / curvature, 0.0)  # (B, prefixes)
        predictions = predictions + step * product.diagonal(dim1=1, dim2=2)
        residual -= step[:, None, :] * image
        scaled = preconditioner * residual
        new_size = (residual * scaled).sum(dim=1)  # (B, prefixes)
        momentum = torch.where(live, new_size / size, 0.0)
        direction = scaled.addcmul_(momentum[:, None, :], direction)
        size = torch.where(live, new_size, size)
