"""Attributions and trials as tables."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from ickrr.comparison.errors import NO_SEED
from ickrr.comparison.resamples import Resamples
from ickrr.identification.attribution import NONE, Attribution
from ickrr.identification.trials import Trial


def family_rows(attribution: Attribution) -> list[dict[str, object]]:
    """Return a row for each family: what it was fitted to be, and whether the layer is compatible with it."""
    return [
        {
            "named": attribution.name,
            "family": name,
            "survives": name in attribution.survivors,
            "distance": fitted.distance,
            "shortest": float(fitted.parameters[0]),  # parameter of the block of shortest contexts
            "longest": float(fitted.parameters[-1]),
        }
        for name, fitted in attribution.fitted.items()
    ]


def pair_rows(attribution: Attribution, confidence: float) -> list[dict[str, object]]:
    """Return a row for each pair of families: what `other` adds to `family`, with its interval."""
    return [
        pair_row(family, other, one.value, one.interval(confidence), one.left)
        for (family, other), one in attribution.additions.items()
    ]


def pair_row(
    family: str, other: str, coefficient: float, interval: tuple[float, float], left: float
) -> dict[str, object]:
    """Return the row of one coefficient: what `other` adds to `family`."""
    low, high = interval
    return {
        "family": family,
        "other": other,
        "coefficient": coefficient,
        "low": low,
        "high": high,
        "left": left,
    }


def attribution_tables(
    run: str, layers: Mapping[int, Sequence[Attribution]], resamples: Resamples
) -> dict[str, pd.DataFrame]:
    """Return the tables `attribution` and `encompassing` of a run.

    Args:
        run: its name.
        layers: by seed, the attribution of layers 1..L and of the model's own readout (layer L + 1).
        resamples: of the prompts and seeds.

    Returns:
        By name. Rows of `encompassing` with `NO_SEED` are means over seeds, with intervals over seeds and
        prompts.
    """
    families: list[dict[str, object]] = []
    pairs: list[dict[str, object]] = []
    for seed, found in layers.items():
        for layer, one in enumerate(found, start=1):
            of = {"run": run, "seed": seed, "layer": layer}
            families += [{**of, **row} for row in family_rows(one)]
            pairs += [{**of, **row} for row in pair_rows(one, resamples.confidence)]
    for layer, each in enumerate(zip(*layers.values(), strict=True), start=1):
        of = {"run": run, "seed": NO_SEED, "layer": layer}
        pairs += [{**of, **row} for row in _mean_rows(each, resamples)]
    return {"attribution": pd.DataFrame(families), "encompassing": pd.DataFrame(pairs)}


def _mean_rows(each: Sequence[Attribution], resamples: Resamples) -> list[dict[str, object]]:
    """Return the rows of one layer of all seeds: mean coefficients."""
    rows: list[dict[str, object]] = []
    for family, other in each[0].additions:
        some = [one.additions[family, other] for one in each]
        prompts = len(some[0].influence)
        # Each prompt's share of a coefficient, to first order: their mean is the coefficient.
        shares = np.stack([one.value + prompts * one.influence for one in some])  # (K, B)
        mean = resamples.estimate(resamples.over_seeds(resamples.means(shares)))
        left = float(np.mean([one.left for one in some]))
        rows.append(pair_row(family, other, mean["value"], (mean["low"], mean["high"]), left))
    return rows


def trial_table(trials: Iterable[Trial]) -> pd.DataFrame:
    """Return a row for each known case: what was said of it, and whether that was right."""
    return pd.DataFrame(
        [
            {
                "group": trial.group,
                "case": trial.case,
                "noise": trial.noise,
                "allowed": ", ".join(trial.allowed) or NONE,
                "named": trial.attribution.name,
                "survivors": ", ".join(trial.attribution.survivors),
                "wrong": trial.wrong,
            }
            for trial in trials
        ]
    )
