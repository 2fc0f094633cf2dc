"""Errors under test noise that differs from the noise of training, over those of regression that knows it.

ratio = mean (p - f)^2 / mean (m - f)^2 with m kernel ridge regression at lambda = sigma_test^2, the posterior
mean of the test prompts. Numerator and denominator are means over the same prompts, and a bootstrap draw
resamples both together. The encoded oracle is kernel ridge regression at lambda = sigma_train^2: what remains
of a model whose ridge is fixed in its weights. `ickrr.comparison.effective_ridge` finds a predictor's ridge.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.bootstrap import percentile_interval
from ickrr.comparison.effective_ridge import RidgePath, nearest_ridge

Array = npt.NDArray[np.float64]

BAYES = "bayes"
ENCODED_ORACLE = "encoded_oracle"
TRANSFORMER = "transformer"


@dataclass(frozen=True)
class NoisyPrompts:
    """The test prompts at one noise level.

    Attributes:
        factor: this noise over that of training.
        noise_std: standard deviation of the noise.
        x: inputs, (B, N+1, d).
        f: clean function values, (B, N+1).
        y: labels at this noise, (B, N+1).
        bayes: kernel ridge regression with the ridge of this noise, (B, N+1).
        encoded_oracle: kernel ridge regression with the ridge of training, (B, N+1).
        path: kernel ridge regressions with many ridges.
    """

    factor: float
    noise_std: float
    x: Array
    f: Array
    y: Array
    bayes: Array
    encoded_oracle: Array
    path: RidgePath


def ratio_table(
    run: str,
    seed: int,
    method: str,
    predictions: Array,
    prompts: NoisyPrompts,
    weights: Array,
    confidence: float,
) -> pd.DataFrame:
    """Errors of one predictor and their ratios to the optimal ones, a row for each context length.

    Args:
        run: name of the run.
        seed: training seed, `ickrr.row_keys.NO_SEED` for a predictor without one.
        method: name of the predictor.
        predictions: (B, N+1).
        prompts: what they are predictions of.
        weights: point estimate (row 0) and bootstrap draws over prompts, (R, B).
        confidence: level of the interval.

    Returns:
        Columns ``run, seed, factor, noise_std, context_length, method, mse, mse_label, ratio, ratio_low,
        ratio_high, ratio_label, ridge, ridge_low, ridge_high``, for n = 0..N; NaN where a prediction is not
        finite. `ridge` is the ridge that the predictor has in effect, over that of training.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        squared = np.square(predictions - prompts.f)  # (B, N+1)
        ratios = (weights @ squared) / (weights @ np.square(prompts.bayes - prompts.f))  # (R, N+1)
        mse = squared.mean(axis=0)
        mse_label = np.square(predictions - prompts.y).mean(axis=0)
        ratio_label = mse_label / np.square(prompts.bayes - prompts.y).mean(axis=0)
    low, high = percentile_interval(ratios[1:], confidence)
    ridges = nearest_ridge(predictions, prompts.path, weights)  # (R, N+1)
    ridge_low, ridge_high = percentile_interval(ridges[1:], confidence)
    columns = {
        "mse": mse,
        "mse_label": mse_label,
        "ratio": ratios[0],
        "ratio_low": low,
        "ratio_high": high,
        "ratio_label": ratio_label,
        "ridge": ridges[0],
        "ridge_low": ridge_low,
        "ridge_high": ridge_high,
    }
    return pd.DataFrame(
        {
            "run": run,
            "seed": seed,
            "factor": prompts.factor,
            "noise_std": prompts.noise_std,
            "context_length": np.arange(len(mse)),
            "method": method,
            **{name: np.where(np.isfinite(values), values, np.nan) for name, values in columns.items()},
        }
    )
