"""The linear systems of a prompt: A_n a = y_{1..n} with A_n = K_n + lambda I, for all n = 0..N.

K_n is the leading n x n block of one matrix K over all N+1 points, so solvers keep the coefficients of all
prefixes as the columns of one array (B, points, prefixes), zero in row i of column n where i >= n. Then K a
holds both K_n a_n (rows i < n) and the prediction k_n^T a_n of point n (row n, the diagonal).
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ickrr.config.task import TaskSettings
from ickrr.tasks import bayes_ridge, kernel_matrix, posterior


@dataclass(frozen=True)
class KernelSystem:
    """The linear systems of B prompts, one for each prefix of a prompt.

    Attributes:
        kernel: K over all points, symmetric, (B, N+1, N+1), float64, entries >= 0.
        labels: y, (B, N+1), float64.
        ridge: lambda > 0.
    """

    kernel: Tensor
    labels: Tensor
    ridge: float

    @classmethod
    def of_prompts(cls, task: TaskSettings, x: Tensor, y: Tensor) -> "KernelSystem":
        """Return the systems of prompts with inputs x, (B, N+1, d), and labels y, (B, N+1)."""
        return cls(kernel_matrix(task, x), y.to(torch.float64), bayes_ridge(task))

    @property
    def points(self) -> int:
        """N+1, the number of points and also of prefixes."""
        return self.kernel.shape[-1]

    def chunks(self, prompts: int) -> "list[KernelSystem]":
        """Split them into systems of at most so many prompts each, in order."""
        parts = zip(torch.split(self.kernel, prompts), torch.split(self.labels, prompts), strict=True)
        return [KernelSystem(kernel, labels, self.ridge) for kernel, labels in parts]

    @cached_property
    def mask(self) -> Tensor:
        """1 where point i is in the context of prefix n (i < n), else 0; (points, prefixes)."""
        ones = torch.ones(self.points, self.points, dtype=self.kernel.dtype, device=self.kernel.device)
        return ones.triu(1)

    @cached_property
    def right_hand_sides(self) -> Tensor:
        """The labels of each prefix, zero outside it; (B, points, prefixes)."""
        return self.labels[:, :, None] * self.mask

    @cached_property
    def row_sums(self) -> Tensor:
        """Row sums K_n 1 of each prefix's kernel, zero outside it; (B, points, prefixes)."""
        return (self.kernel @ self.mask) * self.mask

    @cached_property
    def norms(self) -> Tensor:
        """||A_n||_inf of each prefix, lambda for the empty one; (B, prefixes).

        The entries of K are not negative, so this is the largest row sum.
        """
        return self.row_sums.amax(dim=1) + self.ridge

    def masked_inverse(self, diagonal: Tensor) -> Tensor:
        """Return the inverse of positive diagonals (B, points, prefixes), zero outside each prefix."""
        return torch.where(self.mask > 0, 1 / diagonal, 0.0)


def converged(system: KernelSystem) -> Tensor:
    """Return what every solver converges to, k_n^T A_n^-1 y for all prefixes; (B, N+1).

    Raises:
        CovarianceError: K + lambda I is not numerically positive definite.
    """
    return posterior(system.kernel, system.labels, system.ridge)[0]
