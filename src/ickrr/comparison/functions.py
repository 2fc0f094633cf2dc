"""Prediction curves on a line: one context, many query points, in the form of a tidy table."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """A family of curves x -> prediction, one a step (a layer, an iteration).

    Attributes:
        seed: training seed, `ickrr.comparison.errors.NO_SEED` for curves without one.
        kind: ``layer``, ``solver``, ``posterior``, or ``context`` for the labelled points themselves.
        method: name of the predictor.
        x: query points, (G,).
        values: predictions, (S, G), S consecutive steps from 0; NaN where they are not finite.
        sd: standard deviation of f, (S, G); NaN for all but the posterior.
    """

    seed: int
    kind: str
    method: str
    x: Array
    values: Array
    sd: Array | None = None


def curve_table(run: str, prompt: int, context_length: int, curves: Curves) -> pd.DataFrame:
    """Curves of one prompt and context length, a row for each step and query point.

    Returns:
        Columns ``run, seed, prompt, context_length, kind, method, step, x, value, sd``.
    """
    steps, points = curves.values.shape
    sd = np.full(curves.values.shape, np.nan) if curves.sd is None else curves.sd
    return pd.DataFrame(
        {
            "run": run,
            "seed": curves.seed,
            "prompt": prompt,
            "context_length": context_length,
            "kind": curves.kind,
            "method": curves.method,
            "step": np.repeat(np.arange(steps), points),
            "x": np.tile(curves.x, steps),
            "value": np.where(np.isfinite(curves.values), curves.values, np.nan).ravel(),
            "sd": sd.ravel(),
        }
    )
