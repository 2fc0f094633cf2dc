"""Stationary iterations a <- a + W (y - A a) with a diagonal W: Richardson and its preconditioned forms.

Each function yields the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor.
The error contracts by I - W A: it converges if and only if the eigenvalues of W A lie in (0, 2).
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from ickrr.config.analysis import SolverSettings
from ickrr.solvers.system import KernelSystem


def preconditioned_richardson(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Richardson with W = omega diag(K 1)^-1, the softmax normaliser of the sources.

    With omega = 1 it diverges wherever an eigenvalue of W A exceeds 2; at n = 1 that is 1 + lambda.
    """
    return iterate(system, settings.omega * system.masked_inverse(system.row_sums))


def preconditioned_richardson_ridge(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Richardson with W = omega diag(A 1)^-1; the eigenvalues of W A / omega lie in (0, 1]."""
    return iterate(system, settings.omega * system.masked_inverse(system.row_sums + system.ridge))


def richardson(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Richardson (gradient descent on the dual) with the step 1 / ||A_n||_inf of each system."""
    return iterate(system, system.mask / system.norms[:, None, :])


def damped_jacobi(system: KernelSystem, settings: SolverSettings) -> Iterator[Tensor]:
    """Jacobi with W = gamma diag(A)^-1, gamma = jacobi_damping / ||diag(A_n)^-1 A_n||_inf.

    All registered kernels have k(x, x) = 1, so this is Richardson with its step times jacobi_damping.
    """
    diagonal = system.kernel.diagonal(dim1=1, dim2=2)[:, :, None] + system.ridge  # (B, points, 1)
    relative_sums = (system.row_sums + system.ridge * system.mask) / diagonal  # (B, points, prefixes)
    # The empty prefix has no rows; its weights are masked to zero below, so any divisor serves.
    norms = relative_sums.amax(dim=1).clamp_min(torch.finfo(torch.float64).tiny)  # (B, prefixes)
    return iterate(system, settings.jacobi_damping * system.mask / diagonal / norms[:, None, :])


def iterate(system: KernelSystem, weights: Tensor) -> Iterator[Tensor]:
    """Yield the predictions of a <- a + W (y - A a) from a = 0.

    Args:
        system: the linear systems.
        weights: the diagonals of W, (B, points, prefixes), zero outside each prefix.
    """
    coefficients = torch.zeros_like(system.kernel)  # (B, points, prefixes)
    while True:
        product = torch.bmm(system.kernel, coefficients)  # (B, points, prefixes)
        yield product.diagonal(dim1=1, dim2=2)
        residual = torch.sub(system.right_hand_sides, product)
        residual.sub_(coefficients, alpha=system.ridge)
        coefficients.addcmul_(weights, residual)
