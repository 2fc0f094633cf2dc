"""Attention operators of a trained model on the support of a prompt, and how far they are from a kernel's.

The operator W of a head is its matrix of attention weights between the N labelled pairs, rows summing to one.
Interleaved, a pair is two tokens: the rows of the x tokens and those of the y tokens give an operator each,
and the weight of pair j is that of its two tokens together; a row sees earlier pairs and what precedes it in
its own. Paired, a pair is one token and every row sees all N.

W is compared with S, the row-normalised kernel on the same visible tokens, in relative operator norm
|W - S|_2 / |S|_2. Two kernels, neither of them made from the head's own queries and keys (softmax is the
normalised exponential kernel of those by definition: Tsai et al. 2019, section 3):

- ``gaussian``: exp(-|x_i - x_j|^2 / (2 h^2)) of the inputs, under the same mask;
- ``representation``: exp(-|u_i - u_j|^2 / (2 s^2)) of the normed residual stream u that enters the block,
  the same for all of its heads. After a layer norm |u| varies little, so that this is exp(u_i.u_j / s^2) up
  to a factor of each row; in this form it is positive definite and may serve regression.

h and s are chosen for each head by the mean distance over prompts that are not evaluated on.

A head that is nearly flat is close to a wide kernel, and one that attends to its own pair alone to a narrow
one. A head is like a kernel if that leaves little, |W - S|_2, of what flat and diagonal attention F, I leave,
min(|W - F|_2, |W - I|_2). Rows of all four sum to one, so the constant vector has no part in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from ickrr.model.attention import Attention, Visibility
from ickrr.model.transformer import Transformer
from ickrr.tasks import cholesky

GAUSSIAN = "gaussian"
REPRESENTATION = "representation"
TARGETS = (GAUSSIAN, REPRESENTATION)

SMALLEST_NORM = 1e-12
"""Attention that is as flat as rounding allows is no kernel, whatever it is divided by."""

ROWS = {"interleaved": ("x", "y"), "paired": ("pair",)}
"""Kinds of rows of each layout; the tokens of the first are what a query's token is compared with."""


@dataclass(frozen=True)
class LayerView:
    """One block's attention on the supports of B prompts, in float64.

    Attributes:
        operators: one for each kind of row, (R, B, H, N, N), rows summing to one.
        distances: squared distances of the representations of all support tokens, (B, T, T).
        support: representations of the tokens that are of the query's kind, (B, N, width).
        query: representation of the query at context length N, (B, 1, width).
    """

    operators: Tensor
    distances: Tensor
    support: Tensor
    query: Tensor


def read_attention(model: Transformer, x: Tensor, y: Tensor) -> tuple[list[LayerView], Tensor]:
    """Run a model on prompts and look at every block's attention.

    Args:
        model: softmax attention, no sink; it computes in the precision of its weights.
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1); the last is not looked at.

    Returns:
        The views of layers 1..L, and the model's own prediction at n = N, (B), float64.
    """
    pairs, layout = x.shape[1] - 1, model.settings.layout
    precision = model.readout.weight.dtype
    inputs, labels = x.to(precision), y.to(precision)
    seen: list[tuple[Tensor, Visibility]] = []

    def look(module: nn.Module, arguments: tuple[Tensor, Visibility]) -> None:
        del module
        seen.append(arguments)

    attentions = [cast(Attention, block.attention) for block in model.blocks]
    hooks = [attention.register_forward_pre_hook(look) for attention in attentions]
    try:
        with torch.no_grad():
            if layout == "interleaved":
                prediction = model(inputs, labels)[:, -1]
            else:
                prediction = model.predict(inputs[:, :-1], labels[:, :-1], inputs[:, -1:])[:, 0]
    finally:
        for hook in hooks:
            hook.remove()
    count, step = (2 * pairs, 2) if layout == "interleaved" else (pairs, 1)
    views = []
    for attention, (normed, visibility) in zip(attentions, seen, strict=True):
        with torch.no_grad():
            weights = attention.weights(normed, visibility).double()  # (B, H, T, S)
        points = normed.double()  # (B, T, width)
        views.append(
            LayerView(
                pair_operators(weights[:, :, :count, :count], layout),
                representation_distances(points[:, :count]),
                points[:, :count:step],
                points[:, -1:],
            )
        )
    return views, prediction.double()


def representation_distances(points: Tensor) -> Tensor:
    """Squared distances of many-dimensional points, (B, T, width) -> (B, T, T), by the expanded square."""
    squares = points.square().sum(dim=-1)  # (B, T)
    distances = squares[:, :, None] + squares[:, None, :] - 2 * points @ points.mT
    return distances.clamp(min=0)


def pair_operators(weights: Tensor, layout: str) -> Tensor:
    """Turn weights between tokens into operators between pairs, rows summing to one.

    Args:
        weights: non-negative, (..., T, T), zero where a token is not visible; T = 2N interleaved, N paired.
        layout: of the model.

    Returns:
        (R, ..., N, N), one for each kind of row.
    """
    if layout == "interleaved":
        merged = weights.unflatten(-1, (-1, 2)).sum(dim=-1)  # (..., 2N, N)
        operators = torch.stack((merged[..., ::2, :], merged[..., 1::2, :]))  # (2, ..., N, N)
    else:
        operators = weights[None]
    return operators / operators.sum(dim=-1, keepdim=True)


def kernel_operators(distances: Tensor, bandwidths: Tensor, layout: str) -> Tensor:
    """Row-normalised Gaussian kernels of tokens, as operators between pairs under the layout's mask.

    Args:
        distances: squared distances of the support tokens, (B, T, T).
        bandwidths: h > 0, (M).
        layout: of the model.

    Returns:
        (R, B, M, N, N). A row whose other points are all too far for float64 keeps its own.
    """
    kernel = torch.exp(-0.5 * distances[:, None] / bandwidths[:, None, None].square())  # (B, M, T, T)
    return pair_operators(kernel.tril() if layout == "interleaved" else kernel, layout)


def token_distances(inputs: Tensor, layout: str) -> Tensor:
    """Squared distances of the inputs of pairs, (B, N, N), for their tokens, (B, T, T).

    Interleaved, both tokens of a pair stand for its input. A pair then counts as often as it has visible
    tokens, in the kernel as in the attention, and attention without preferences is the wide limit of both
    kernels.
    """
    if layout == "paired":
        return inputs
    return inputs.repeat_interleave(2, dim=-1).repeat_interleave(2, dim=-2)


def flat_operators(pairs: int, layout: str) -> Tensor:
    """Averages over the visible tokens, (R, 1, 1, N, N): the operator of attention that prefers nothing."""
    size = 2 * pairs if layout == "interleaved" else pairs
    ones = torch.ones(1, 1, size, size, dtype=torch.float64)
    return pair_operators(ones.tril() if layout == "interleaved" else ones, layout)


def operator_norm(matrices: Tensor) -> Tensor:
    """Largest singular value, (..., N, N) -> (...): the root of the largest eigenvalue of A^T A."""
    largest: Tensor = torch.linalg.eigvalsh(matrices.mT @ matrices)[..., -1]
    return largest.clamp(min=0).sqrt()


def distance(operators: Tensor, references: Tensor) -> Tensor:
    """Relative operator norm |W - S|_2 / |S|_2 of matrices, (..., N, N) each, as they broadcast: (...)."""
    return operator_norm(operators - references) / operator_norm(references)


def plain_distance(operators: Tensor, flat: Tensor) -> Tensor:
    """How far attention is from the nearer of two operators that prefer no point, flat and diagonal ones.

    Args:
        operators: W, (..., N, N).
        flat: averages over the visible tokens, as `flat_operators` makes them, (..., N, N) as they broadcast.

    Returns:
        The smaller of |W - F|_2 and |W - I|_2, (...), positive.
    """
    own = torch.eye(operators.shape[-1], dtype=operators.dtype)
    nearer = torch.minimum(operator_norm(operators - flat), operator_norm(operators - own))
    return nearer.clamp(min=SMALLEST_NORM)


def permuted(distances: Tensor, order: Tensor, layout: str) -> Tensor:
    """Squared distances after the pairs of each prompt changed places.

    Args:
        distances: of the tokens of N pairs, (B, T, T).
        order: a permutation of the pairs of each prompt, (B, N).
        layout: of the model; interleaved, the two tokens of a pair stay together.
    """
    if layout == "interleaved":
        order = torch.stack((2 * order, 2 * order + 1), dim=-1).flatten(1)  # (B, 2N)
    rows = torch.arange(len(distances))[:, None, None]
    return distances[rows, order[:, :, None], order[:, None, :]]


def ridge_predictions(gram: Tensor, cross: Tensor, labels: Tensor, ridges: Sequence[float]) -> Tensor:
    """Kernel ridge regression of one query under several ridges, k_*^T (K + ridge I)^-1 y.

    Args:
        gram: K, (B, N, N), float64.
        cross: k_*, (B, N).
        labels: y, (B, N).
        ridges: the ridges.

    Returns:
        (M, B), a row for each ridge.

    Raises:
        CovarianceError: K + ridge I is not numerically positive definite.
    """
    solved = [
        (cross * torch.cholesky_solve(labels[..., None], cholesky(gram, ridge))[..., 0]).sum(dim=-1)
        for ridge in ridges
    ]
    return torch.stack(solved)
