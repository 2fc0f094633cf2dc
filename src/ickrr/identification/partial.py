"""Partial coefficients: what a layer shares with one candidate but not with the other or any nuisance.

With candidates q_A and q_B at their best and nuisances Z (columns over all prompts and context lengths), a
layer p is fitted by least squares as

    p = a q_A + b q_B + Z c + rest.

By Frisch, Waugh and Lovell b is the coefficient of M p on M q_B, M the projection off q_A and Z. As q_A is
among what is projected out, b is also the coefficient of p - q_A on q_B - q_A: the encompassing test of
Davidson and MacKinnon (1981) with the nuisances partialled out. A layer that is A gives (1, 0), one that is B
gives (0, 1), one made of nuisances (0, 0): a coefficient 0 is no evidence for the other candidate, which is
why both are fitted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ickrr.comparison.bootstrap import percentile_interval

Array = npt.NDArray[np.float64]
Verdict = Literal["A encompasses B", "B encompasses A", "neither", "no power"]

INDEPENDENT = 1e-7
"""Columns of norm one that add less than this to the span of the others are dropped."""


MARGIN = 0.25
"""How far from 0 or 1 an interval may end and still count as it; a choice, see docs/identification.md."""


@dataclass(frozen=True)
class Coefficient:
    """One coefficient.

    Attributes:
        value: its value on all prompts.
        low: lower end of its bootstrap interval over prompts.
        high: upper end.
        left: share of the squared difference q_B - q_A that is left after partialling.
        draws: bootstrap values, (R,).
    """

    value: float
    low: float
    high: float
    left: float
    draws: Array

    def comes_within(self, margin: float, number: float) -> bool:
        """Return whether any part of the interval is within a margin of a number."""
        return self.low <= number + margin and self.high >= number - margin


def orthonormal(columns: Sequence[Array]) -> Array:
    """Return an orthonormal basis (B C, k) of the span of columns (B, C), by Gram-Schmidt in two passes.

    A column that the earlier ones span up to `INDEPENDENT` of its norm is dropped.
    """
    size = columns[0].size
    basis = np.empty((size, len(columns)))
    count = 0
    for column in columns:
        vector = column.ravel().astype(np.float64)
        norm = np.linalg.norm(vector)
        if norm == 0:
            continue
        vector = vector / norm
        for _ in range(2):
            vector = vector - basis[:, :count] @ (basis[:, :count].T @ vector)
        rest = np.linalg.norm(vector)
        if rest > INDEPENDENT:
            basis[:, count] = vector / rest
            count += 1
    return basis[:, :count]


@dataclass(frozen=True)
class Encompassing:
    """Coefficients of both candidates in one fit.

    Attributes:
        first: of q_A.
        second: of q_B; with B = PR and A = R this is the partial coefficient of the tables.
    """

    first: Coefficient
    second: Coefficient

    def verdict(self, margin: float = MARGIN) -> Verdict:
        """Return the verdict that the intervals give.

        A coefficient is *one* if its interval comes within `margin` of 1 but not of 0, and *zero* if it comes
        within it of 0 but not of 1. *B encompasses A*: the coefficient of B is one and that of A zero. *A
        encompasses B*: the reverse. *no power*: an interval comes within the margin of both, or is undefined.
        *neither*: everything else.
        """
        both = (self.first, self.second)
        near_one = [one.comes_within(margin, 1) for one in both]
        near_zero = [one.comes_within(margin, 0) for one in both]
        if any(np.isnan(one.value) for one in both) or any(np.logical_and(near_one, near_zero)):
            return "no power"
        if near_zero[0] and near_one[1]:
            return "B encompasses A"
        if near_one[0] and near_zero[1]:
            return "A encompasses B"
        return "neither"


def encompassing(
    layer: Array, first: Array, second: Array, nuisances: Sequence[Array], weights: Array, confidence: float
) -> Encompassing:
    """Fit p = a q_A + b q_B + Z c on all prompts and on every bootstrap draw of them.

    Args:
        layer: p, (B, C).
        first: q_A.
        second: q_B.
        nuisances: columns of Z, of the same shape; they may be linearly dependent.
        weights: of the prompts, row 0 uniform, the others bootstrap draws, (1 + R, B).
        confidence: of the intervals.

    Returns:
        Both coefficients; NaN where a candidate is spanned by the other and the nuisances.
    """
    prompts = layer.shape[0]
    basis = orthonormal(nuisances)  # (B C, k)
    candidates = np.column_stack([first.ravel(), second.ravel()])  # (B C, 2)
    rests = candidates - basis @ (basis.T @ candidates)
    lengths = np.linalg.norm(rests, axis=0)
    cosine = (rests[:, 0] @ rests[:, 1]) / lengths.prod() if lengths.all() else 1.0
    spanned = (lengths <= INDEPENDENT * np.linalg.norm(candidates, axis=0)).any()
    if spanned or 1 - cosine**2 <= INDEPENDENT**2:
        undefined = np.full(len(weights) - 1, np.nan)
        return Encompassing(*[Coefficient(np.nan, np.nan, np.nan, 0.0, undefined)] * 2)
    # On all prompts the basis is orthonormal, so that every draw's normal equations are well conditioned.
    columns = np.column_stack([basis, rests / lengths]).reshape(prompts, layer.shape[1], -1)
    size = columns.shape[2]
    grams = prompts * weights @ (columns.mT @ columns).reshape(prompts, -1)
    rights = prompts * weights @ (columns.mT @ layer[..., None]).reshape(prompts, -1)
    # A column that is non-zero on few prompts may be zero in a draw, hence the pseudo-inverse.
    inverses = np.linalg.pinv(grams.reshape(-1, size, size), rcond=1e-12, hermitian=True)
    fits = (inverses @ rights[..., None])[:, -2:, 0] / lengths  # (1 + R, 2)
    low, high = percentile_interval(fits[1:], confidence)
    left = lengths**2 * (1 - cosine**2) / ((second - first) ** 2).sum()
    return Encompassing(
        *(
            Coefficient(float(fits[0, k]), float(low[k]), float(high[k]), float(left[k]), fits[1:, k])
            for k in (0, 1)
        )
    )


def raw_weight(layer: Array, first: Array, second: Array) -> float:
    """Return sum (q_B - q_A)(p - q_A) / sum (q_B - q_A)^2, the weight without nuisances."""
    difference = second - first
    return float((difference * (layer - first)).sum() / (difference**2).sum())
