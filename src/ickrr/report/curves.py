"""Error curves as figures draw and the text quotes them: one method, one context length, over its steps.

A curve has *diverged* from the first step at which its MSE is not finite or above three times the zero
predictor's.
"""

from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from ickrr.entries import NULLS
from ickrr.row_keys import NO_SEED

TRANSFORMER: Final = "transformer"
# No converging solver passes through it: at step 0 all of them are at 1 and their errors shrink.
CEILING: Final = 3.0


class Curve(NamedTuple):
    """One error curve.

    Attributes:
        step: layers or steps, (S,).
        mse: mean over seeds, (S,); NaN where it has diverged.
        low: smallest over seeds, (S,).
        high: largest over seeds, (S,).
    """

    step: np.ndarray
    mse: np.ndarray
    low: np.ndarray
    high: np.ndarray


def error_curve(errors: pd.DataFrame, method: str, context_length: int) -> Curve | None:
    """Collect one curve of one run, over its seeds.

    Args:
        errors: table `errors` of one run.
        method: transformer or a solver.
        context_length: n.

    Returns:
        None when the table has no such rows. A step at which any seed is NaN is NaN.
    """
    rows = errors[(errors["method"] == method) & (errors["context_length"] == context_length)]
    if rows.empty:
        return None
    wide = rows.pivot(index="step", columns="seed", values="mse").sort_index()
    mse = wide.to_numpy(float)  # (S, seeds)
    return Curve(wide.index.to_numpy(), mse.mean(axis=1), mse.min(axis=1), mse.max(axis=1))


def last_layer_mse(errors: pd.DataFrame) -> float:
    """Return the mean over seeds of the last layer's MSE at n = N, from one run's table `errors`."""
    rows = errors[errors["method"] == TRANSFORMER]
    at_last = rows[
        (rows["step"] == rows["step"].max()) & (rows["context_length"] == rows["context_length"].max())
    ]
    return float(at_last["mse"].mean())


def divergence_ceiling(errors: pd.DataFrame) -> float:
    """Return the MSE above which a curve counts as diverged, from one run's table `errors`.

    It is `CEILING` times the zero predictor's MSE, which is every solver's at step 0, at its worst context
    length.
    """
    solved = errors[(errors["seed"] == NO_SEED) & ~errors["method"].isin(["posterior_mean", *NULLS])]
    return CEILING * float(solved.loc[solved["step"] == 0, "mse"].max())


def cut_at(curve: Curve, ceiling: float) -> int | None:
    """Return the index from which a curve is cut, because it is NaN or above the ceiling; None if never."""
    gone = ~(curve.mse <= ceiling)  # NaN compares false, so it counts as gone
    return int(np.argmax(gone)) if gone.any() else None


def first_step_below(curve: Curve, level: float) -> int | None:
    """Return the first step whose MSE is at most a level; None if there is none."""
    below = np.flatnonzero(curve.mse <= level)
    return int(curve.step[below[0]]) if below.size else None
