"""Name the algorithm of a layer, or say that none can be named.

A family X *survives* if no other family adds to it more than a margin: no interval of an encompassing
coefficient lies wholly outside [-m, m]. The survivors are the families that the layer is compatible with. A
layer is *named* X if X survives and adds more than the margin to every other family: all its intervals lie
above m. It is *none* if no family survives, and *undecided* otherwise. A family that does not survive is
never replaced by the next best.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ickrr.identification.encompassing import Addition, additions
from ickrr.identification.families import FAMILIES, Candidates, Fitted

Array = npt.NDArray[np.float64]

NONE: Final = "none"
UNDECIDED: Final = "undecided"


@dataclass(frozen=True)
class Attribution:
    """What a layer is.

    Attributes:
        name: a family, `NONE` or `UNDECIDED`.
        survivors: the families that the layer is compatible with.
        fitted: the nearest member of each family.
        additions: what each family adds to each other one, by (X, Y).
    """

    name: str
    survivors: tuple[str, ...]
    fitted: Mapping[str, Fitted]
    additions: Mapping[tuple[str, str], Addition]


def attribute(candidates: Candidates, layer: Array, margin: float, confidence: float) -> Attribution:
    """Compare a layer with all families.

    Args:
        candidates: the families on the prompts of the layer.
        layer: its predictions at the candidates' context lengths, (B, C).
        margin: m, what a coefficient may differ from 0 without a family being rejected.
        confidence: of the intervals over prompts.
    """
    fitted = {name: candidates.fit(name, layer) for name in FAMILIES}
    found = additions(layer, fitted, candidates.nuisances(layer))
    intervals = {pair: one.interval(confidence) for pair, one in found.items()}
    name, survivors = judge(intervals, margin)
    return Attribution(name, survivors, fitted, found)


def judge(
    intervals: Mapping[tuple[str, str], tuple[float, float]], margin: float
) -> tuple[str, tuple[str, ...]]:
    """Return the name and the survivors that the intervals of all pairs (X, Y) give; see this module.

    An interval of NaN, where X spans Y, rejects nothing and names nothing.
    """
    families = list(dict.fromkeys(first for first, _ in intervals))
    survivors = tuple(
        family
        for family in families
        if not any(
            low > margin or high < -margin for (first, _), (low, high) in intervals.items() if first == family
        )
    )
    for family in survivors:
        if all(low > margin for (_, second), (low, _) in intervals.items() if second == family):
            return family, survivors
    return (UNDECIDED if survivors else NONE), survivors
