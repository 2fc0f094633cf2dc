"""Krylov and Chebyshev methods: optimal polynomials of A, with and without knowledge of its spectrum.

Each function yields the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor.
Predictions are summed from the updates: a += alpha p adds alpha k_n^T p, which the product K p already holds.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ickrr.config.analysis import SolverSettings
from ickrr.solvers.system import KernelSystem


def conjugate_gradient(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Conjugate gradients (Hestenes and Stiefel, 1952); exact in n steps up to rounding."""
    return iterate_conjugate_gradient(system, system.mask)


def preconditioned_cg(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Conjugate gradients preconditioned by the row sums diag(A 1)^-1."""
    return iterate_conjugate_gradient(system, system.masked_inverse(system.row_sums + system.ridge))


def iterate_conjugate_gradient(system: KernelSystem, preconditioner: Tensor) -> Iterator[Tensor]:
    """Yield the predictions of preconditioned conjugate gradients from a = 0.

    A system whose residual, in the preconditioner's norm, has shrunk by the rounding unit stays where it is:
    its next step sizes would be ratios of rounding errors.

    Args:
        system: the linear systems.
        preconditioner: diagonals, (points, prefixes) or (B, points, prefixes), zero outside each prefix.
    """
    residual = system.right_hand_sides.clone()  # (B, points, prefixes)
    direction = preconditioner * residual
    size = (residual * direction).sum(dim=1)  # (B, prefixes)
    floor = torch.finfo(torch.float64).eps ** 2 * size
    predictions = torch.zeros_like(system.labels)  # (B, prefixes)
    while True:
        yield predictions
        product = torch.bmm(system.kernel, direction)  # (B, points, prefixes)
        image = (product * system.mask).add_(direction, alpha=system.ridge)  # A_n p_n
        curvature = (direction * image).sum(dim=1)  # (B, prefixes)
        live = (size > floor) & (curvature > 0)
        step = torch.where(live, size / curvature, 0.0)
        predictions = predictions + step * product.diagonal(dim1=1, dim2=2)
        residual -= step[:, None, :] * image
        scaled = preconditioner * residual
        new_size = (residual * scaled).sum(dim=1)
        momentum = torch.where(live, new_size / size, 0.0)
        direction = scaled.addcmul_(momentum[:, None, :], direction)
        size = torch.where(live, new_size, size)


def chebyshev(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Chebyshev semi-iteration on the exact spectral interval of each A_n (Saad, 2003, Algorithm 12.1).

    Saad's rho is carried as c = rho delta, which needs no division by the half width delta: a system with one
    eigenvalue (n = 1) has delta = 0 and is solved in one step.
    """
    smallest, largest = spectral_interval(system)
    center, half_width = (largest + smallest) / 2, (largest - smallest) / 2  # (B, prefixes)
    scale = half_width.square() / center
    residual = system.right_hand_sides.clone()  # (B, points, prefixes)
    update = residual / center[:, None, :]
    predictions = torch.zeros_like(system.labels)  # (B, prefixes)
    while True:
        yield predictions
        product = torch.bmm(system.kernel, update)  # (B, points, prefixes)
        predictions = predictions + product.diagonal(dim1=1, dim2=2)
        residual -= product * system.mask + system.ridge * update
        divisor = 2 * center - scale  # (B, prefixes)
        update = (scale / divisor)[:, None, :] * update + (2 / divisor)[:, None, :] * residual
        scale = half_width.square() / divisor


def spectral_interval(system: KernelSystem) -> tuple[Tensor, Tensor]:
    """Return the smallest and largest eigenvalue of each A_n, both (B, prefixes); lambda for n = 0."""
    smallest = torch.full_like(system.labels, system.ridge)
    largest = torch.full_like(system.labels, system.ridge)
    for n in range(1, system.points):
        eigenvalues = torch.linalg.eigvalsh(system.kernel[:, :n, :n])  # (B, n), ascending
        # K has no negative eigenvalues; rounding may return some below zero.
        smallest[:, n] += eigenvalues[:, 0].clamp_min(0)
        largest[:, n] += eigenvalues[:, -1]
    return smallest, largest
