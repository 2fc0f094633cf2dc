"""Attributions and trials as tables."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.resamples import Resamples
from ickrr.identification.attribution import NONE, Attribution
from ickrr.identification.encompassing import Addition
from ickrr.identification.trials import Trial
from ickrr.row_keys import NO_SEED, WHOLE_MODEL

Array = npt.NDArray[np.float64]
Additions = Mapping[tuple[str, str], Addition]
"""What each family adds to each other one in explaining a layer, by (family, other)."""


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


def pair_rows(additions: Additions, confidence: float) -> list[dict[str, object]]:
    """Return a row for each pair of families: what `other` adds to `family`, with its interval."""
    return [
        pair_row(family, other, one.value, one.interval(confidence), one.left)
        for (family, other), one in additions.items()
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


def attribution_table(run: str, layers: Mapping[int, Sequence[Attribution]], counted: slice) -> pd.DataFrame:
    """Return the table `attribution` of a run.

    Args:
        run: its name.
        layers: by seed, the attribution of layers 1..L and of the model's own readout (layer L + 1).
        counted: which of the layers 1..L count, see `StatisticsSettings.counted`.
    """
    return pd.DataFrame(
        [
            {
                "run": run,
                "seed": seed,
                "layer": layer,
                "counted": counted.start < layer <= counted.stop,
                **row,
            }
            for seed, found in layers.items()
            for layer, one in enumerate(found, start=1)
            for row in family_rows(one)
        ]
    )


def encompassing_table(
    run: str, layers: Mapping[int, Sequence[Additions]], counted: slice, resamples: Resamples
) -> pd.DataFrame:
    """Return the table `encompassing` of a run, or `uneven`, which is of some of its prompts.

    Args:
        run: its name.
        layers: by seed, what families add to each other in layers 1..L and in the model's own readout.
        counted: which of the layers 1..L count.
        resamples: of the prompts and seeds.

    Returns:
        Rows with `NO_SEED` are means over seeds, with intervals over seeds and prompts; layer 0 there is the
        mean over the layers that count.
    """
    pairs = [
        {"run": run, "seed": seed, "layer": layer, **row}
        for seed, found in layers.items()
        for layer, one in enumerate(found, start=1)
        for row in pair_rows(one, resamples.confidence)
    ]
    each_layer = [list(each) for each in zip(*layers.values(), strict=True)]
    means = {layer: [each] for layer, each in enumerate(each_layer, start=1)}
    means[WHOLE_MODEL] = each_layer[counted]
    for layer, some in means.items():
        pairs += [{"run": run, "seed": NO_SEED, "layer": layer, **row} for row in _mean_rows(some, resamples)]
    return pd.DataFrame(pairs)


def _mean_rows(layers: Sequence[Sequence[Additions]], resamples: Resamples) -> list[dict[str, object]]:
    """Return the rows of some layers, each of all seeds: mean coefficients over both."""
    rows: list[dict[str, object]] = []
    for family, other in layers[0][0]:
        some = [[one[family, other] for one in each] for each in layers]
        # Each prompt's share of a coefficient, to first order: their mean is the coefficient.
        shares = np.mean([[_shares(one) for one in each] for each in some], axis=0)  # (K, B)
        mean = resamples.estimate(resamples.over_seeds(resamples.means(shares)))
        left = float(np.mean([[one.left for one in each] for each in some]))
        rows.append(pair_row(family, other, mean["value"], (mean["low"], mean["high"]), left))
    return rows


def _shares(addition: Addition) -> Array:
    return addition.value + len(addition.influence) * addition.influence  # (B)


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
                "added_to_r": trial.attribution.additions["R", "PR"].value,
                "added_by_r": trial.attribution.additions["PR", "R"].value,
                "wrong": trial.wrong,
            }
            for trial in trials
        ]
    )
