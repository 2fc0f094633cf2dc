"""Exponents of depth and width over the grid, each a least-squares slope with an intercept for each group.

log q = alpha_group + beta log v, for depth against log(1/eps), width against 1/eps (groups: N) and both
against N (groups: eps); and steps |log contraction| = alpha_group + beta log(1/eps), where beta = 1 is the
theory's rate.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtrit  # scipy.stats takes a second to import, and asks the same function

from ickrr.constructions.richardson.status import VERIFIED

MEASURED = ("smallest_steps", "smallest_width")
FEWEST_CELLS = 3


class Slope(NamedTuple):
    """A slope with its interval; NaN where there are too few points."""

    value: float
    low: float
    high: float
    cells: int


def grouped_slope(x: np.ndarray, y: np.ndarray, groups: np.ndarray, confidence: float) -> Slope:
    """Fit y = alpha_group + beta x by least squares, with Student's interval of beta.

    Args:
        x: (P).
        y: (P).
        groups: label of the group of each point, (P).
        confidence: level of the interval.
    """
    frame = pd.DataFrame({"x": x, "y": y, "group": groups})
    centred = frame[["x", "y"]] - frame.groupby("group")[["x", "y"]].transform("mean")
    freedom = len(frame) - frame["group"].nunique() - 1
    spread = float((centred["x"] ** 2).sum())
    if len(frame) < FEWEST_CELLS or freedom < 1 or spread == 0:
        return Slope(np.nan, np.nan, np.nan, len(frame))
    value = float((centred["x"] * centred["y"]).sum()) / spread
    residual = float(((centred["y"] - value * centred["x"]) ** 2).sum()) / freedom
    half = float(stdtrit(freedom, (1 + confidence) / 2)) * np.sqrt(residual / spread)
    return Slope(value, value - half, value + half, len(frame))


def rates_table(cells: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Fit all exponents of each ridge.

    Args:
        cells: table `cells` of all ridges.
        confidence: level of the intervals.

    Returns:
        name, quantity, against, value, low, high, cells.
    """
    rows = []
    for name, all_cells in cells.groupby("name", sort=False):
        for quantity in ("steps", "width", *MEASURED):
            part = all_cells
            if quantity in MEASURED:
                # A smallest depth of 0 steps means that the accuracy is no accuracy at all.
                part = part[(part["status"] == VERIFIED) & (part[quantity] > 0)]
            digits = np.log(1 / part["accuracy"].to_numpy())
            lengths = part["context_length"].to_numpy()
            log_quantity = np.log(part[quantity].to_numpy(float))
            steps = quantity.endswith("steps")
            against = "log(1/eps)" if steps else "1/eps"
            fits = {
                against: (np.log(digits) if steps else digits, log_quantity, lengths),
                "N": (np.log(lengths), log_quantity, part["accuracy"].to_numpy()),
            }
            if steps:
                folds = part[quantity].to_numpy() * -np.log(part["contraction"].to_numpy())
                fits["e-folds"] = (digits, folds, lengths)
            for variable, (x, y, groups) in fits.items():
                slope = grouped_slope(x, y, groups, confidence)
                rows.append({"name": name, "quantity": quantity, "against": variable, **slope._asdict()})
    return pd.DataFrame(rows)
