"""Distance of the last layer to a solver, over that of the reference run at the same excess risk."""

import math
from typing import TYPE_CHECKING

from ickrr.report.intervals import Interval, difference, over_seeds
from ickrr.report.statistics.question import Question

if TYPE_CHECKING:
    import pandas as pd

NAME = "distance to {solver} at the end, over that in {reference} at equal excess risk"
READS = ("errors", "matches")


def estimate(question: Question, solver: str, reference: str) -> Interval:
    """Return the ratio, its interval over the seeds of both runs.

    Between two layers of the reference run the logarithm of the distance is linear in that of the excess
    risk. A model that is better or worse than all layers of the reference run has no ratio.

    Raises:
        FileError: a table lacks the solver.
    """
    import numpy as np

    own = _curves(question, solver)
    last = own[own["layer"] == own["layer"].max()]
    at = []
    for _, curve in _curves(question.of_run(reference), solver).groupby("seed"):
        curve = curve.sort_values("excess_risk")
        risks, far = curve["excess_risk"].to_numpy(float), curve["distance"].to_numpy(float)
        of_equal = np.interp(last["excess_risk"].to_numpy(float), risks, far, math.nan, math.nan)
        at.append(float(of_equal.mean()))
    found = difference(
        over_seeds(last["distance"].tolist(), question.confidence), over_seeds(at, question.confidence)
    )
    return Interval(*(math.exp(end) for end in found))


def _curves(question: Question, solver: str) -> "pd.DataFrame":
    """Logarithms of excess risk, mean over n = 1..N, and of the distance to a solver, by seed and layer."""
    import numpy as np

    errors = question.table("errors")
    layers = errors[(errors["method"] == "transformer") & (errors["context_length"] > 0)]
    risk = layers.groupby(["seed", "step"])["excess_risk"].mean().rename_axis(["seed", "layer"]).reset_index()
    curves = question.matches(solver)[["seed", "layer", "distance"]].merge(risk, on=["seed", "layer"])
    return curves.assign(excess_risk=np.log(curves["excess_risk"]), distance=np.log(curves["distance"]))
