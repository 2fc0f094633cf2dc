"""Heatmaps of SimE(layer l, step t), one panel for each run and solver.

Panels of one run stand in one block, its solvers in order, two panels a row; runs with one solver share rows.
"""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ickrr.report.matches import best_steps, mean_floor, similarity_map
from ickrr.report.methods import prose_name, short_name
from ickrr.report.panels.axes import letters
from ickrr.report.panels.heatmap import draw_heatmap
from ickrr.report.style import new_figure, stamp, style

PANEL_HEIGHT: Final = 2.35  # inches
PANELS_A_ROW: Final = 2


def heatmaps_figure(
    similarity: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    scale: str,
) -> Figure:
    """Draw one heatmap for each run and solver.

    Args:
        similarity: table `similarity` of the runs.
        matches: table `matches` of the runs.
        runs: runs, in order.
        solvers: solvers of every run, in order.
        scale: name of the scale.

    Raises:
        ValueError: a run or a solver is absent from the tables.
    """
    with style():
        shown = list(product(runs, solvers))
        columns = min(len(shown), PANELS_A_ROW)
        rows = -(-len(shown) // columns)
        figure = new_figure(height=0.2 + PANEL_HEIGHT * rows)
        grid = figure.subplots(rows, columns, squeeze=False)
        panels = list(grid.flat[: len(shown)])
        for unused in grid.flat[len(shown) :]:
            unused.set_visible(False)
        for axes, (run, solver) in zip(panels, shown, strict=True):
            draw_heatmap(axes, similarity, matches, run, solver)
            names = [run.replace("_", " ")] if len(runs) > 1 else []
            axes.set_title(", ".join([*names, short_name(solver)]))
        if len(panels) > 1:
            letters(panels)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_heatmaps(
    similarity: pd.DataFrame, matches: pd.DataFrame, run: str, solvers: Sequence[str]
) -> str:
    """Say what the figure shows for one run, from the tables alone."""
    parts = []
    for solver in solvers:
        peaks = similarity_map(similarity, run, solver).max(axis=0).drop(index=0)
        found = best_steps(matches, run, solver)
        censored = int(np.sum(found.censored[found.layer > 0]))
        parts.append(
            f"{prose_name(solver)} {peaks.iloc[0]:.3f} at layer {peaks.index[0]} and {peaks.iloc[-1]:.3f} at "
            f"layer {peaks.index[-1]}, floor {mean_floor(matches, run, solver):.3f}, {censored} censored"
        )
    return f"Run `{run}`: peak similarity to {'; '.join(parts)}."
