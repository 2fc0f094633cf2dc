"""What one family adds to another in explaining a layer: partial encompassing coefficients.

For families X and Y with nearest members q_X and q_Y, a layer p is fitted by least squares, over all prompts
and context lengths, as

    p = a q_X + T_X c + Z d + b q_Y + rest,

T_X the tangents of X and Z the common nuisances, without those that belong to Y. By Frisch, Waugh and Lovell
b is the coefficient of M p on M q_Y, M the projection off q_X, T_X and Z: the encompassing test of Davidson
and MacKinnon (1981), with everything partialled out that would let a layer pass for Y although it is not. If
the layer is a member of X plus an error that is not correlated with M q_Y, b is 0. If it is q_Y, b is 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import torch

from ickrr.identification.families import Fitted

Array = npt.NDArray[np.float64]

SPANNED = 1e-6
"""If less than this share of the length of q_Y is left by X and Z, Y adds nothing to X."""

DEPENDENT = 1e-9
"""Singular values below this, relative to the largest, count as zero."""


@dataclass(frozen=True)
class Addition:
    """What Y adds to X.

    Attributes:
        value: the coefficient b; NaN if X and the nuisances span q_Y.
        influence: of each prompt on b, (B,): the sum of their squares estimates its variance over prompts.
        left: length of M q_Y over that of q_Y.
    """

    value: float
    influence: Array
    left: float

    def interval(self, confidence: float) -> tuple[float, float]:
        """Return the normal interval over prompts; residuals of one prompt may depend on each other."""
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * float(np.sqrt((self.influence**2).sum()))
        return self.value - reach, self.value + reach


def additions(
    layer: Array, fitted: Mapping[str, Fitted], nuisances: Mapping[str, list[Array]]
) -> dict[tuple[str, str], Addition]:
    """Return what each family adds to each other one.

    Args:
        layer: p, (B, C).
        fitted: the nearest member of each family, with its tangents.
        nuisances: Z by the family that each column belongs to, see `Candidates.nuisances`.

    Returns:
        For all pairs (X, Y) the coefficient of Y beside X.
    """
    columns: list[Array] = []
    owners: list[tuple[str, str]] = []  # (family, what)
    for name, one in fitted.items():
        for what, some in (("member", [one.prediction]), ("tangent", one.tangents)):
            columns += some
            owners += [(name, what)] * len(some)
    for name, some in nuisances.items():
        columns += some
        owners += [(name, "nuisance")] * len(some)
    design = np.stack([column.ravel() for column in columns], axis=1)  # (B C, k)
    lengths = np.linalg.norm(design, axis=0)
    # LAPACK as torch has it takes half the time of NumPy's.
    factors = torch.linalg.qr(torch.from_numpy(design / np.where(lengths > 0, lengths, 1.0)))
    basis, small = (factor.numpy() for factor in factors)  # (B C, k), (k, k)
    target = basis.T @ layer.ravel()  # (k)
    pairs = list(permutations(fitted, 2))
    fits = []
    for first, second in pairs:
        kept = [name == first or (what == "nuisance" and name != second) for name, what in owners]
        member = owners.index((second, "member"))
        fits.append(_fit(target, small[:, kept], small[:, member], float(lengths[member])))
    directions, explained = (np.stack(each, axis=1) for each in zip(*(fit[2:] for fit in fits), strict=True))
    rests = layer.ravel()[:, None] - basis @ explained  # (B C, pairs)
    rests *= basis @ directions
    influences = rests.reshape(*layer.shape, len(pairs)).sum(axis=1)  # (B, pairs)
    return {
        pair: Addition(value, influences[:, index].copy(), left)
        for index, (pair, (value, left, *_)) in enumerate(zip(pairs, fits, strict=True))
    }


def _fit(target: Array, others: Array, column: Array, length: float) -> tuple[float, float, Array, Array]:
    """Return b of one pair, the share of q_Y that X and Z leave, the direction of b, and the fitted layer.

    Everything is in coordinates of the basis, (k,). The product of the direction with what the fit leaves of
    the layer, summed over the context lengths of a prompt, is the influence of this prompt on b.

    Args:
        target: the layer, (k,).
        others: X, its tangents and the nuisances, (k, .).
        column: q_Y over its length, (k,).
        length: of q_Y.
    """
    left, sizes, _ = np.linalg.svd(others, full_matrices=False)
    span = left[:, sizes > DEPENDENT * sizes[0]]
    direction = column - span @ (span.T @ column)  # M q_Y over its length
    size = float(direction @ direction)
    explained = span @ (span.T @ target)
    if np.sqrt(size) <= SPANNED:
        return np.nan, 0.0, np.zeros_like(direction), explained
    coefficient = float(direction @ (target - explained)) / size
    fit = explained + coefficient * direction
    return coefficient / length, float(np.sqrt(size)), direction / (size * length), fit
