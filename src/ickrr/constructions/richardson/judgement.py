"""The verdict on a control, by a rule that was written before any was run.

A control *follows* the solver if, at every layer after the setup, its best step is the layer's step,
uncensored, 1 - SimE is within the tolerance and so is the distance. Before the setup is over a built model
predicts 0, which is step 0. Of a model without a setup (random weights), layer l has to be step l, within
rounding.
"""

import numpy as np
import pandas as pd

ROUNDING = 1e-9


def judge(matches: pd.DataFrame, setup: int | None, similarity: float, distance: float) -> dict[str, object]:
    """Judge one control.

    Args:
        matches: its rows of table `matches` for one solver.
        setup: layer l holds step max(0, l - setup); None for a model without one.
        similarity: tolerance of 1 - SimE.
        distance: tolerance of the distance.

    Returns:
        setup, layers judged, largest |best step - step|, largest 1 - SimE, largest distance, both tolerances,
        the least-squares slope of the best step over the judged layers, and `follows`.
    """
    first = setup or 0
    rows = matches[(matches["layer"] > first)].sort_values("layer")
    steps = rows["layer"].to_numpy() - first
    found = rows["best_step"].to_numpy()
    off = int(np.abs(found - steps).max())
    unlike = float((1 - rows["similarity"]).max())
    far = float(rows["distance"].max())
    near = float(np.abs(rows["nearest_step"].to_numpy() - steps).max())
    allowed_similarity = max(similarity, ROUNDING) if np.isfinite(similarity) else ROUNDING
    allowed_distance = max(distance, ROUNDING) if np.isfinite(distance) else ROUNDING
    slope = float(np.polyfit(steps, found, 1)[0]) if len(rows) > 1 else np.nan
    return {
        "setup": first,
        "layers": len(rows),
        "step_error": off,
        "nearest_error": int(near),
        "dissimilarity": unlike,
        "dissimilarity_mean": float((1 - rows["similarity"]).mean()),
        "dissimilarity_tolerance": allowed_similarity,
        "distance": far,
        "distance_tolerance": allowed_distance,
        "slope": slope,
        "censored": int(rows["censored"].sum()),
        "follows": bool(
            off == 0
            and near == 0
            and not rows["censored"].any()
            and unlike <= allowed_similarity
            and far <= allowed_distance
        ),
    }
