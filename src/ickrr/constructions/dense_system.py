"""What built models are checked against, in float64: kernel ridge regression by Cholesky, and Richardson.

Neither uses a model: p_t = k_q^T a_t, a_0 = 0, a <- a + G^-1 (y - (K + ridge I) a).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.config.constructions import PreconditionerName


@dataclass(frozen=True)
class System:
    """The linear systems of some prompts.

    Attributes:
        kernel: K, (B, n, n), float64.
        cross: k_q, (B, Q, n).
        y: (B, n).
        ridge: lambda.
    """

    kernel: Tensor
    cross: Tensor
    y: Tensor
    ridge: float

    def solution(self) -> Tensor:
        """Return kernel ridge regression at the queries by Cholesky, (B, Q)."""
        matrix = self.kernel + self.ridge * torch.eye(self.y.shape[1], dtype=torch.float64)
        factor = torch.linalg.cholesky(matrix)  # (B, n, n)
        dual = torch.cholesky_solve(self.y[..., None], factor)  # (B, n, 1)
        return (self.cross @ dual)[..., 0]

    def richardson(self, preconditioner: PreconditionerName) -> Iterator[Tensor]:
        """Yield the predictions p_0, p_1, .. of preconditioned Richardson without end, (B, Q) each."""
        weights = row_weights(self.kernel, self.ridge, preconditioner)[..., None]  # (B, n, 1)
        target = self.y[..., None]  # (B, n, 1)
        dual = torch.zeros_like(target)
        while True:
            yield (self.cross @ dual)[..., 0]
            dual = dual + (target - self.kernel @ dual - self.ridge * dual) / weights


def row_weights(kernel: Tensor, ridge: float, preconditioner: PreconditionerName) -> Tensor:
    """Return the row sums G of K + ridge I ("ridge") or of K ("kernel"), (B, n), for K (B, n, n)."""
    sums = kernel.sum(-1)  # (B, n)
    return sums + ridge if preconditioner == "ridge" else sums
