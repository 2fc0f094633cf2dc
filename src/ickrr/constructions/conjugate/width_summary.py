"""Summary of the errors on projections of a representation: what the claims on its width rest on."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from ickrr.config.conjugate_gradient import PROJECTIONS, WidthSettings
from ickrr.constructions.summary_rows import Row, estimate, supremum

Interval = Callable[[np.ndarray], tuple[float, float]]
"""Ends of the interval of a statistic, from its draws (R)."""


def width_summary(
    curves: pd.DataFrame, settings: WidthSettings, weights: np.ndarray, interval: Interval
) -> list[Row]:
    """Return the rows of the summary, with intervals over seeds.

    Args:
        curves: one row for each seed, ridge, projection and rank.
        settings: ridges, multiples and seeds.
        weights: point estimate (row 0) and bootstrap draws over the K seeds, (1 + R, K).
        interval: how an interval follows from the draws of a statistic.
    """
    algebra = curves[curves["source"] == "algebra"]
    rows: list[Row] = []

    def add(quantity: str, subject: str, setting: str, draws: np.ndarray) -> None:
        rows.append(estimate(quantity, subject, setting, draws[0], *interval(draws[1:])))

    for ridge in settings.ridges:
        at_ridge = algebra[algebra["ridge"] == ridge]
        dimensions = at_ridge.groupby("seed")["effective_dimension"].first().to_numpy()
        add("effective_dimension", "kernel", f"{ridge:g}", weights @ dimensions)
        for kind in PROJECTIONS:
            marked = at_ridge[at_ridge["projection"] == kind]
            draws = {
                multiple: weights @ _by_seed(marked[marked["multiple"] == multiple])
                for multiple in settings.multiples
            }
            for multiple, values in draws.items():
                add("error", kind, f"{ridge:g}@{multiple:g}", values)
            add("fall", kind, f"{ridge:g}", draws[2.0] / draws[0.5])
    for rank, found in curves[curves["source"] == "stack"].groupby("rank"):
        rows.append(supremum("stack_gap", "gaussian", f"{rank}", float(found["gap"].max())))
    return rows


def _by_seed(rows: pd.DataFrame) -> np.ndarray:
    return rows.sort_values("seed")["error"].to_numpy()
