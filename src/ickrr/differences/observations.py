"""What is compared of each training: one number a row, by run, quantity, subject, layer and seed."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import pandas as pd

from ickrr.comparison.trends import best_step_trend
from ickrr.config.statistics import StatisticsSettings
from ickrr.differences.sides import Side
from ickrr.entries import NULLS
from ickrr.row_keys import NO_SEED, WHOLE_MODEL

KEY: Final = ["run", "quantity", "subject", "layer"]
"""What a number is of. `subject` is a solver or a pair of them."""

RISK: Final = "excess_risk"
STEP: Final = "best_step"
OF_MODEL: Final = ("similarity", "distance", "slope", "r_squared", "kendall_tau", "censored_share")
COEFFICIENT: Final = "coefficient"


def observations(side: Side, run: str) -> pd.DataFrame:
    """Return the numbers of all trainings of a run that are compared.

    They are the excess risk at the end of training; for each solver the best step of each layer, and the
    statistics of the alignment of the whole model, means over layers from the third on, whatever the settings
    of a side; and the encompassing coefficients of each layer, if they have been computed.

    Args:
        side: the results.
        run: a run that they have.

    Returns:
        Columns `KEY`, ``seed`` and ``value``. What is undefined is NaN: a censored best step, the excess risk
        of a training that diverged.
    """
    frames = [_risks(side, run), *_matches(side, run), *_coefficients(side, run)]
    found = pd.concat(frames, ignore_index=True)
    return found.assign(run=run)[[*KEY, "seed", "value"]]


def same_prompts(first: Side, second: Side, run: str) -> bool:
    """Say whether both sides evaluate a run on the same prompts.

    They do exactly if the posterior mean, which no training touches, makes the same errors on them.
    """
    found = []
    for side in (first, second):
        errors = side.table(run, "errors")
        if errors is None:
            curve = side.table(run, "learning_curve")
            assert curve is not None, "a side lists the runs that have one"
            found.append(curve["bayes_risk"].to_numpy(float)[:1])
        else:
            exact = errors[errors["method"] == "posterior_mean"].sort_values("context_length")
            found.append(exact["mse"].to_numpy(float))
    before, after = found
    return len(before) == len(after) and bool(np.allclose(before, after, rtol=1e-9, atol=0))


def _risks(side: Side, run: str) -> pd.DataFrame:
    curve = side.table(run, "learning_curve")
    assert curve is not None, "a side lists the runs that have one"
    last = curve.sort_values("step").groupby("seed").tail(1)
    return _rows(RISK, "", WHOLE_MODEL, last["seed"], last["excess_risk"])


def _matches(side: Side, run: str) -> Iterable[pd.DataFrame]:
    matches = side.table(run, "matches")
    if matches is None:
        return
    blocks = matches[(matches["layer"] > 0) & ~matches["solver"].isin([*NULLS])].sort_values("layer")
    found = blocks["best_step"].where(~blocks["censored"])
    yield _rows(STEP, blocks["solver"], blocks["layer"], blocks["seed"], found)
    for (solver, seed), layers in blocks.groupby(["solver", "seed"], sort=False):
        steps, censored = layers["best_step"].to_numpy(float), layers["censored"].to_numpy(bool)
        trend = best_step_trend(steps[None], censored[None])
        counted = layers.iloc[StatisticsSettings().counted(len(layers))]
        values = [counted["similarity"].mean(), counted["distance"].mean()]
        values += [trend.slope[0], trend.r_squared[0], trend.kendall_tau[0], trend.censored_share[0]]
        for quantity, value in zip(OF_MODEL, values, strict=True):
            yield _rows(quantity, solver, WHOLE_MODEL, [seed], value)


def _coefficients(side: Side, run: str) -> Iterable[pd.DataFrame]:
    pairs = side.table(run, "encompassing")
    if pairs is not None:
        pairs = pairs[pairs["seed"] != NO_SEED]  # a mean over seeds is no training
        names = pairs["other"] + " beside " + pairs["family"]  # what the first adds to the second
        yield _rows(COEFFICIENT, names, pairs["layer"], pairs["seed"], pairs["coefficient"])


def _rows(quantity: str, subject: object, layer: object, seed: object, value: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"quantity": quantity, "subject": subject, "layer": layer, "seed": seed, "value": value}
    )
