"""What families add to each other on the prompts whose row sums are the most uneven.

There the preconditioner diag(A 1)^-1 differs most from a constant, and so preconditioned Richardson from
plain Richardson.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ickrr.identification.encompassing import Addition, additions
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import Problem

Array = npt.NDArray[np.float64]

COMPARED: Final = ("PR", "R", "ridge")
"""The families that are compared there."""


def unevenness(problem: Problem) -> Array:
    """Return the standard deviation over the mean of the row sums of A at n = N, (B,)."""
    context = problem.kernel()[:, :-1, :-1] + problem.ridge * np.eye(problem.y.shape[1] - 1)
    sums = context.sum(axis=2)  # (B, N)
    ratio: Array = sums.std(axis=1) / sums.mean(axis=1)
    return ratio


def most_uneven(problem: Problem, share: float) -> npt.NDArray[np.intp]:
    """Return which prompts are the given share, rounded up, with the most uneven row sums; in their order."""
    count = int(np.ceil(share * len(problem.y)))
    return np.sort(np.argsort(-unevenness(problem), kind="stable")[:count])


def compared(candidates: Candidates, layer: Array) -> dict[tuple[str, str], Addition]:
    """Return what each of the compared families adds to each other one.

    Args:
        candidates: the families on the prompts of the layer.
        layer: its predictions at the candidates' context lengths, (B, C).
    """
    fitted = {name: candidates.fit(name, layer) for name in COMPARED}
    return additions(layer, fitted, candidates.nuisances(layer))
