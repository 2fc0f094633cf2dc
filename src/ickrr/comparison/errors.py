"""Errors of every predictor at every context length: to the function, the labels, the posterior mean.

mse = mean (p - f)^2, mse_label = mean (p - y)^2, excess_risk = mean (p - m)^2, means over prompts, with m
the posterior mean. In expectation mse = excess_risk + posterior variance, and mse_label is larger by the
noise variance.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Truth:
    """What predictions are compared with.

    Attributes:
        y: noisy labels, (B, N+1).
        f: clean function values, (B, N+1).
        posterior_mean: converged kernel ridge regression, (B, N+1).
    """

    y: Array
    f: Array
    posterior_mean: Array


def error_table(
    run: str, seed: int, method: str, predictions: Array, truth: Truth, first_step: int = 0
) -> pd.DataFrame:
    """Errors of one method, a row for each step and context length.

    Args:
        run: name of the run.
        seed: training seed, `NO_SEED` for a method without one.
        method: name of the predictor.
        predictions: (S, B, N+1), S consecutive steps (or layers).
        truth: the evaluation prompts.
        first_step: step of `predictions[0]`.

    Returns:
        Columns ``run, seed, method, step, context_length, mse, mse_se, mse_label, excess_risk``; a mean
        that is not finite (a diverged solver) is NaN.
    """
    prompts, lengths = truth.y.shape
    measured: dict[str, list[Array]] = {"mse": [], "mse_se": [], "mse_label": [], "excess_risk": []}
    with np.errstate(invalid="ignore", over="ignore"):
        for step in predictions:  # one step at a time: a whole trajectory squared would double the memory
            squared = np.square(step - truth.f)  # (B, N+1)
            measured["mse"].append(squared.mean(axis=0))
            measured["mse_se"].append(squared.std(axis=0, ddof=1) / np.sqrt(prompts))
            measured["mse_label"].append(np.square(step - truth.y).mean(axis=0))
            measured["excess_risk"].append(np.square(step - truth.posterior_mean).mean(axis=0))
    columns = {name: np.concatenate(values) for name, values in measured.items()}
    steps = np.arange(first_step, first_step + len(predictions))
    return pd.DataFrame(
        {
            "run": run,
            "seed": seed,
            "method": method,
            "step": np.repeat(steps, lengths),
            "context_length": np.tile(np.arange(lengths), len(predictions)),
            **{name: np.where(np.isfinite(values), values, np.nan) for name, values in columns.items()},
        }
    )
