"""How the error of a layer over the context length compares with that of a solver's nearest step.

The gap of a layer is the root mean square, over n = 1..N, of log(MSE of the layer / MSE of the step at n),
both against the clean function; that of a training is the mean over the layers that count.
"""

from typing import TYPE_CHECKING

from ickrr.report.statistics.question import Question

if TYPE_CHECKING:
    import pandas as pd


def profile_gaps(question: Question, solver: str) -> "pd.Series[float]":
    """Return the gap of every training, by seed.

    Args:
        question: about the run.
        solver: the solver.

    Raises:
        FileError: a table lacks the solver.
    """
    import numpy as np

    errors = question.table("errors")
    errors = errors[errors["context_length"] > 0].set_index("context_length")
    steps = errors[errors["method"] == solver].groupby("step")["mse"]
    layers = errors[errors["method"] == "transformer"].groupby(["seed", "step"])["mse"]
    rows = question.counted_matches(solver)
    gaps = []
    for seed, layer, step in rows[["seed", "layer", "nearest_step"]].itertuples(index=False):
        log = np.log(layers.get_group((seed, layer)) / steps.get_group(step))  # by context length
        gaps.append(float(np.sqrt(np.mean(np.square(log)))))
    return rows.assign(gap=gaps).groupby("seed")["gap"].mean()
