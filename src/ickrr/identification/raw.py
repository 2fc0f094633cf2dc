"""The raw weight of one family beside another: what the test says if nothing is partialled out.

For families X and Y with nearest members q_X and q_Y, a layer p is fitted by least squares, over all prompts
and context lengths, as

    p = (1 - w) q_X + w q_Y + rest:

the encompassing test of Davidson and MacKinnon (1981) as it stands. w is 0 for X, 1 for Y, and the weights of
(X, Y) and (Y, X) sum to 1. It is shown beside the partial coefficient (`encompassing`) and decides nothing:
q_Y - q_X is a few hundredths of a layer, and what no family explains is more, so that a small correlation of
the two makes w anything. Smoothers, which are neither, have weights above 1.
"""

from collections.abc import Mapping
from itertools import permutations
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.resamples import Resamples
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.errors import FileError
from ickrr.identification.encompassing import SPANNED, Addition
from ickrr.identification.families import FAMILIES, Candidates
from ickrr.identification.layers import DIVERGED
from ickrr.identification.paths import nearest
from ickrr.identification.tables import encompassing_table

Array = npt.NDArray[np.float64]

WEIGHED: Final = "PR"
"""The family that is weighed against each other one."""


def raw_weight(layer: Array, first: Array, second: Array) -> Addition:
    """Return the raw weight of one predictor beside another.

    Args:
        layer: p, (B, C).
        first: q_X, (B, C).
        second: q_Y, (B, C).

    Returns:
        w, the influence of each prompt on it, and the length of q_Y - q_X over that of q_Y. Where the two are
        the same predictor, w is NaN.
    """
    apart = second - first  # (B, C)
    size = float((apart**2).sum())
    left = float(np.sqrt(size / (second**2).sum()))
    if left <= SPANNED:
        return Addition(np.nan, np.zeros(len(layer)), 0.0)
    weight = float((apart * (layer - first)).sum()) / size
    influence: Array = (apart * (layer - first - weight * apart)).sum(axis=1) / size
    return Addition(weight, influence, left)


def weighed(candidates: Candidates, layer: Array) -> dict[tuple[str, str], Addition]:
    """Return the raw weights of `WEIGHED` beside each other family, and of each of them beside it, by (X, Y).

    Args:
        candidates: the families on the prompts of the layer.
        layer: its predictions at the candidates' context lengths, (B, C).
    """
    members = {name: nearest(candidates.path(name), layer, candidates.blocks).prediction for name in FAMILIES}
    return {
        (first, second): raw_weight(layer, members[first], members[second])
        for first, second in permutations(FAMILIES, 2)
        if WEIGHED in (first, second)
    }


def raw_table(
    run: RunSettings, candidates: Candidates, models: Mapping[int, Array], statistics: StatisticsSettings
) -> pd.DataFrame:
    """Return the table `raw_weights` of a run, with the layers, prompts and resamples of `encompassing`.

    Args:
        run: the run.
        candidates: the families on the prompts that were predicted.
        models: what the models predict, by seed; see `layers.predicted`. Those that diverged are left out.
        statistics: draws and level of the intervals, and which layers count.

    Raises:
        FileError: all models diverged.
    """
    found = {
        seed: [weighed(candidates, layer) for layer in layers[:, :, candidates.lengths]]
        for seed, layers in models.items()
        if np.isfinite(layers).all()
    }
    if not found:
        raise FileError(f"run '{run.name}': {DIVERGED}")
    resamples = Resamples(
        len(candidates.problem.y),
        len(found),
        statistics.bootstrap_draws,
        statistics.seed,
        statistics.confidence,
    )
    return encompassing_table(run.name, found, statistics.counted(run.model.layers), resamples)
