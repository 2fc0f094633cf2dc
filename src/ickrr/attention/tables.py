"""Tables of measured attention operators, with intervals over prompts and seeds.

All seeds of a run are measured on the same prompts. Draw r of an interval resamples the prompts and, with
replacement, the seeds (`ickrr.comparison.resamples.seed_picks`). A ratio is one of means over the picked
seeds.

The verdict `silent`: along a dial the model goes wrong without its attention showing it if the intervals of
`error_growth` and `deviation_growth` lie above `LOUD` and that of `degradation` below `QUIET`. The bounds
were fixed before any result. In an earlier version the best head was the one with the least distance: nearly
flat attention in the first layer, which no dial can move. And the relative error alone decided, which is
large wherever the regression is nearly zero.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.resamples import Resamples
from ickrr.config.operators import IN_DISTRIBUTION

Array = npt.NDArray[np.float64]
Level = tuple[str, float]

TRAINED = "trained"
ALL_DIALS = "all"
LOUD = 2.0
QUIET = 1.25


@dataclass(frozen=True)
class Measured:
    """What was measured of one run, K seeds.

    Attributes:
        run: its name.
        seeds: of the trainings.
        levels: dial and level, the first in distribution.
        targets: names of the two kernels.
        rows: names of the kinds of rows.
        controls: names of the controls.
        methods: names of the predictions.
        distances: (K, V, 2, R, L, H, B).
        control_distances: (K, C, 2, R, L, H, B).
        left: share that the kernel leaves of what flat or diagonal attention leaves, of the best heads,
            (K, V, 2, B).
        bandwidths: (K, 2, R, L, H).
        best: kind of row, layer and head (all from 0) of each target's best head, (K, 2, 3).
        predictions: (K, V, 4, B).
    """

    run: str
    seeds: Sequence[int]
    levels: Sequence[Level]
    targets: Sequence[str]
    rows: Sequence[str]
    controls: Sequence[str]
    methods: Sequence[str]
    distances: Array
    control_distances: Array
    left: Array
    bandwidths: Array
    best: npt.NDArray[np.int64]
    predictions: Array

    @classmethod
    def of(
        cls, run: str, seeds: Sequence[int], names: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> "Measured":
        """Make it from the names and arrays that `ickrr.io.operator_arrays` reads."""
        return cls(
            run=run,
            seeds=seeds,
            levels=[(str(dial), float(level)) for dial, level in names["levels"]],
            targets=names["targets"],
            rows=names["rows"],
            controls=names["controls"],
            methods=names["methods"],
            distances=arrays["distances"],
            control_distances=arrays["controls"],
            left=arrays["left"],
            bandwidths=arrays["bandwidths"],
            best=arrays["best"].astype(np.int64),
            predictions=arrays["predictions"],
        )

    def at(self, dial: str, level: float) -> int:
        """Position of a level."""
        return list(self.levels).index((dial, level))

    def of_best_head(self, target: int) -> Array:
        """Distances of each seed's best head, (K, V, B)."""
        places = self.best[:, target]
        return np.stack(
            [of_seed[:, target, *place] for of_seed, place in zip(self.distances, places, strict=True)]
        )

    def prediction(self, method: str) -> Array:
        """Predictions of one method, (K, V, B)."""
        found: Array = self.predictions[:, :, list(self.methods).index(method)]
        return found


def summary_rows(
    measured: Measured, resamples: Resamples, dials: Mapping[str, Sequence[float]]
) -> list[dict[str, object]]:
    """Rows ``quantity, subject, setting, value, low, high`` of one run.

    Quantities, with the run as subject:

    - ``gaussian_distance, representation_distance``: mean distance over layers and heads, settings
      ``in_distribution`` or ``<dial>=<level>``; ``gaussian_best, representation_best``: of the best head;
      ``gaussian_left, representation_left``: what the kernel leaves of it, see `ickrr.attention.operators`;
    - ``shuffled_gap, random_gap, flat_gap``: a control's mean distance minus the trained model's, in
      distribution, settings the targets; ``..._refitted`` where bandwidths were chosen anew;
    - ``krr_gap``: RMS(regression - model)/RMS(model), settings the targets and ``data``;
    - ``degradation`` of ``representation_left``, ``error_growth`` of `relative_error` and
      ``deviation_growth`` of `deviation`, outermost level over in distribution, and ``silent`` (1 or 0),
      settings the dials; of `degradation` also ``all``, the geometric mean over the dials. Where the
      regression itself is nearly zero, as for very short lengthscales, the relative error is large whatever
      the model does; the deviation is not.

    Args:
        measured: of one run.
        resamples: of its prompts and seeds.
        dials: levels of each dial, the first in distribution.
    """
    rows: list[dict[str, object]] = []

    def add(quantity: str, setting: str, estimate: Mapping[str, float]) -> None:
        rows.append({"quantity": quantity, "subject": measured.run, "setting": setting, **estimate})

    for position, (dial, level) in enumerate(measured.levels):
        setting = dial if dial == IN_DISTRIBUTION else f"{dial}={level:g}"
        for quantity, draws in kernel_distances(measured, resamples, position).items():
            add(quantity, setting, resamples.estimate(draws))
    for index, target in enumerate(measured.targets):
        trained = resamples.over_seeds(resamples.means(_mean_heads(measured.distances[:, 0, index])))
        for position, control in enumerate(measured.controls):
            held = _mean_heads(measured.control_distances[:, position, index])
            gap = resamples.over_seeds(resamples.means(held)) - trained
            name, _, refitted = control.partition("_")
            add(f"{name}_gap", f"{target}_{refitted}" if refitted else target, resamples.estimate(gap))
    model = measured.prediction("model")[:, 0]
    for method in (*measured.targets, "data"):
        draws = resamples.over_seeds(resamples.relative(measured.prediction(method)[:, 0], model))
        add("krr_gap", method, resamples.estimate(draws))
    inner = kernel_distances(measured, resamples, 0)["representation_left"]
    degradations = []
    for dial, levels in dials.items():
        last = measured.at(dial, levels[-1])
        degradations.append(kernel_distances(measured, resamples, last)["representation_left"] / inner)
        grown = {
            "degradation": degradations[-1],
            "error_growth": relative_error(measured, resamples, last)
            / relative_error(measured, resamples, 0),
            "deviation_growth": deviation(measured, resamples, last) / deviation(measured, resamples, 0),
        }
        found = {quantity: resamples.estimate(draws) for quantity, draws in grown.items()}
        for quantity, estimate in found.items():
            add(quantity, dial, estimate)
        loud = min(found[quantity]["low"] for quantity in ("error_growth", "deviation_growth")) > LOUD
        silent = float(loud and found["degradation"]["high"] < QUIET)
        add("silent", dial, dict.fromkeys(("value", "low", "high"), silent))
    add("degradation", ALL_DIALS, resamples.estimate(np.exp(np.mean(np.log(degradations), axis=0))))
    return rows


def dial_rows(
    measured: Measured, resamples: Resamples, dials: Mapping[str, Sequence[float]]
) -> list[dict[str, object]]:
    """Rows ``run, dial, level, quantity, value, low, high, seeds``, every dial with its first level.

    Quantities: those of `kernel_distances`; ``error``: mean square deviation of the model from the data's own
    regression over the mean square of the latter, and ``deviation``, not divided by it; ``krr_gaussian,
    krr_representation, krr_data``: RMS(regression - model)/RMS(model).
    """
    rows: list[dict[str, object]] = []
    for dial, levels in dials.items():
        for level in levels:
            at = 0 if level == levels[0] else measured.at(dial, level)
            statistics = kernel_distances(measured, resamples, at)
            statistics["error"] = relative_error(measured, resamples, at)
            statistics["deviation"] = deviation(measured, resamples, at)
            model = measured.prediction("model")[:, at]
            for method in (*measured.targets, "data"):
                apart = resamples.relative(measured.prediction(method)[:, at], model)
                statistics[f"krr_{method}"] = resamples.over_seeds(apart)
            for quantity, draws in statistics.items():
                names = {"run": measured.run, "dial": dial, "level": level, "quantity": quantity}
                rows.append({**names, **resamples.estimate(draws), "seeds": len(measured.seeds)})
    return rows


def detail_table(measured: Measured) -> pd.DataFrame:
    """Distances of every head, means over prompts.

    Returns:
        Columns ``run, seed, dial, level, layer, head, rows, target, control, bandwidth, best, distance``;
        layers from 1, heads from 0; `control` is ``trained`` for the model itself; `bandwidth` is the trained
        model's.
    """
    parts = []
    for k, seed in enumerate(measured.seeds):
        means = [(TRAINED, level, measured.distances[k, v]) for v, level in enumerate(measured.levels)]
        means += [
            (control, measured.levels[0], measured.control_distances[k, c])
            for c, control in enumerate(measured.controls)
        ]
        best = np.zeros(measured.bandwidths.shape[1:], dtype=bool)  # (2, R, L, H)
        for index, place in enumerate(measured.best[k]):
            best[(index, *place)] = True
        target, row, layer, head = (axis.ravel() for axis in np.indices(best.shape))
        for control, (dial, level), distances in means:
            parts.append(
                pd.DataFrame(
                    {
                        "run": measured.run,
                        "seed": seed,
                        "dial": dial,
                        "level": level,
                        "layer": layer + 1,
                        "head": head,
                        "rows": np.array(measured.rows)[row],
                        "target": np.array(measured.targets)[target],
                        "control": control,
                        "bandwidth": measured.bandwidths[k].ravel(),
                        "best": best.ravel(),
                        "distance": distances.mean(axis=-1).ravel(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def kernel_distances(measured: Measured, resamples: Resamples, at: int) -> dict[str, Array]:
    """Mean distance over heads; distance and share left of the best head; for both kernels: (1 + draws)."""
    found = {}
    for index, target in enumerate(measured.targets):
        mean = _mean_heads(measured.distances[:, at, index])
        found[f"{target}_distance"] = resamples.over_seeds(resamples.means(mean))
        best = measured.of_best_head(index)[:, at]
        found[f"{target}_best"] = resamples.over_seeds(resamples.means(best))
        found[f"{target}_left"] = resamples.over_seeds(resamples.means(measured.left[:, at, index]))
    return found


def relative_error(measured: Measured, resamples: Resamples, at: int) -> Array:
    """Mean square of (model - data's own regression) over that of the latter, (1 + draws)."""
    model, data = measured.prediction("model")[:, at], measured.prediction("data")[:, at]
    return resamples.over_seeds(np.square(resamples.relative(model, data)))


def deviation(measured: Measured, resamples: Resamples, at: int) -> Array:
    """Mean square of (model - data's own regression), labels squared, (1 + draws)."""
    model, data = measured.prediction("model")[:, at], measured.prediction("data")[:, at]
    return resamples.over_seeds(resamples.means(np.square(model - data)))


def _mean_heads(distances: Array) -> Array:
    """Mean over kinds of rows, layers and heads, (K, R, L, H, B) -> (K, B)."""
    mean: Array = distances.mean(axis=(1, 2, 3))
    return mean
