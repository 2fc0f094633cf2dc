"""The row-normalised kernel that is nearest to a head's attention, and whether the head is like a kernel.

Attention w_ij of token i to key j is compared with

    s_ij = exp(theta_c(i,j) - beta |x_i - x_j|^2) / sum_k exp(theta_c(i,k) - beta |x_i - x_k|^2),

the kernel D^-1 K of the inputs with bandwidth h = (2 beta)^-1/2, in which a key counts by its class c: of
another pair or the token's own, and an x or a y. With beta = 0 it is *flat*: attention that only knows of
classes, averages and the diagonal among them. Both minimise the divergence sum w log(w / s) over prompts and
rows, which is convex in (theta, beta), for each kind of row apart.

A head is *like a kernel* if its kernel leaves at most a given share of what flat attention leaves.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from torch import Tensor

from ickrr.interventions.sequence import CLASSES, ROWS, Sequence

PENALTY = 1e-6
"""On the squares of the parameters: a class that is never attended to has a finite theta."""


@dataclass(frozen=True)
class FittedKernel:
    """Row-normalised kernels of H heads of a layer.

    Attributes:
        theta: log weight of each class of keys, (H, R, C), R kinds of rows.
        beta: of the squared distance, (H, R); zero for flat attention.
        divergence: mean over rows of sum_j w log(w / s), (H, R), nats.
    """

    theta: Tensor
    beta: Tensor
    divergence: Tensor

    def operators(self, head: int, sequence: Sequence, distances: Tensor) -> Tensor:
        """Return the operator of one head.

        Args:
            head: its number.
            sequence: the tokens.
            distances: squared distances of their inputs, (B, T, S).

        Returns:
            (B, T, S), rows summing to one, zero where a key is not visible.
        """
        theta = self.theta[head, sequence.row[:, None], sequence.key]  # (T, S)
        scores = theta - self.beta[head, sequence.row, None] * distances  # (B, T, S)
        return torch.softmax(scores.masked_fill(~sequence.visible, -torch.inf), dim=-1)


def fit_kernels(weights: Tensor, sequence: Sequence, distances: Tensor, layout: str) -> FittedKernel:
    """Fit a kernel to each head of a layer.

    Args:
        weights: attention of a layer, (B, H, T, S), rows summing to one.
        sequence: its tokens.
        distances: squared distances of their inputs, (B, T, S); zeros for flat attention.
        layout: of the model.
    """
    heads, kinds, classes = weights.shape[1], len(ROWS[layout]), CLASSES[layout]
    theta, beta = torch.zeros(heads, kinds, classes).double(), torch.zeros(heads, kinds).double()
    divergence = torch.zeros(heads, kinds).double()
    for kind in range(kinds):
        rows = sequence.row == kind
        visible = sequence.visible[rows]  # (T', S)
        classed = torch.nn.functional.one_hot(sequence.key[rows], classes)[..., 1:]  # (T', S, C-1)
        features = _features(classed.double(), distances[:, rows]).numpy()  # (B, T', S, C)
        for head in range(heads):
            attended = weights[:, head, rows].double().numpy()  # (B, T', S)
            found, left = _nearest(attended, features, visible.numpy())
            theta[head, kind, 1:] = torch.from_numpy(found[:-1])
            beta[head, kind], divergence[head, kind] = float(found[-1]), left
    return FittedKernel(theta, beta, divergence)


def _features(classed: Tensor, distances: Tensor) -> Tensor:
    """Return what the scores are linear in: classes but the first, and minus the distance; (B, T, S, C)."""
    return torch.cat((classed.expand(len(distances), -1, -1, -1), -distances[..., None]), dim=-1)


def _nearest(
    attended: npt.NDArray[np.float64], features: npt.NDArray[np.float64], visible: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], float]:
    """Return the parameters, (C), that minimise the mean divergence of the rows, and that divergence."""
    rows = attended.shape[0] * attended.shape[1]
    hidden = np.where(visible, 0.0, -np.inf)
    wanted = np.einsum("bts,btsf->f", attended, features)

    def loss(parameters: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = features @ parameters + hidden  # (B, T, S)
        top = scores.max(axis=-1, keepdims=True)
        exponentials = np.exp(scores - top)
        sums = exponentials.sum(axis=-1, keepdims=True)
        expected = np.einsum("bts,btsf->f", exponentials / sums, features)
        value = (np.log(sums) + top).sum() - wanted @ parameters
        gradient = (expected - wanted) / rows + 2 * PENALTY * parameters
        return value / rows + PENALTY * parameters @ parameters, gradient

    found = minimize(loss, np.zeros(features.shape[-1]), jac=True, method="BFGS", options={"gtol": 1e-7}).x
    positive = attended > 0
    entropy = -(attended[positive] * np.log(attended[positive])).sum() / rows
    return found, float(loss(found)[0] - PENALTY * found @ found - entropy)


@dataclass(frozen=True)
class LayerKernels:
    """What the heads of a layer are nearest to.

    Attributes:
        kernel: with the inputs' distances.
        flat: without.
        mean: the attention's mean over the fit prompts, by number T of tokens, (H, T, S).
    """

    kernel: FittedKernel
    flat: FittedKernel
    mean: dict[int, Tensor]

    def left(self) -> Tensor:
        """Return what the kernel leaves over what flat attention leaves, (H): a share of the divergence.

        All kinds of rows count together. A head that flat attention explains entirely has the share 1.
        """
        kernel, flat = self.kernel.divergence.sum(dim=1), self.flat.divergence.sum(dim=1)
        return torch.where(flat > 0, kernel / flat, 1.0)

    def like_kernels(self, share: float) -> Tensor:
        """Say which heads are like a kernel, (H): see this module; their attention falls with distance."""
        return (self.left() <= share) & (self.kernel.beta.sum(dim=1) > 0)
