"""Best-matching steps t*(l) against the layer, with bootstrap intervals.

A best step on the last step of the grid is censored: it is an open marker on the upper edge of the grid and
joined to nothing.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ickrr.report.matches import BestSteps, best_steps
from ickrr.report.methods import short_name
from ickrr.report.panels.axes import MANY_LAYERS, layer_ticks
from ickrr.report.style import Look, look_of


def draw_best_steps(axes: Axes, matches: pd.DataFrame, run: str, solvers: Sequence[str], top: float) -> None:
    """Draw t*(l) of several solvers against one run into one panel.

    Args:
        axes: the panel.
        matches: table `matches`, with the run.
        run: name of the run.
        solvers: solvers, one line each, drawn side by side within a layer.
        top: end of the step axis.

    Raises:
        ValueError: the table has no such run or solver.
    """
    draw_steps(
        axes,
        [best_steps(matches, run, solver) for solver in solvers],
        [look_of(solver) for solver in solvers],
        top,
    )


def draw_steps(axes: Axes, found: Sequence[BestSteps], looks: Sequence[Look], top: float) -> None:
    """Draw several series of best steps into one panel, side by side within a layer.

    Args:
        axes: the panel.
        found: series of best steps.
        looks: one look for each series.
        top: end of the step axis.
    """
    offsets = np.linspace(-0.24, 0.24, len(found)) if len(found) > 1 else np.zeros(1)
    layers = np.unique(np.concatenate([series.layer for series in found]))
    small = len(layers) > MANY_LAYERS
    for offset, series, look in zip(offsets, found, looks, strict=True):
        known = ~series.censored
        at = series.layer + offset
        axes.plot(
            at,
            np.where(known, series.step, np.nan),
            color=look.colour,
            marker=look.marker,
            markersize=2.2 if small else 3.0,
            linestyle=look.line,
            linewidth=0.9,
            zorder=3,
        )
        axes.vlines(
            at[known],
            series.low[known],
            series.high[known],
            color=look.colour,
            linewidth=0.8,
            zorder=2,
        )
        if series.censored.any():  # an empty unclipped line has an infinite extent, which breaks the layout
            axes.plot(
                at[~known],
                series.last[~known],
                color=look.colour,
                marker=look.marker,
                markersize=2.6 if small else 3.4,
                linestyle="None",
                markerfacecolor="white",
                clip_on=False,
                zorder=4,
                gid="censored",
            )
    if all(np.isnan(series.step).all() for series in found):
        axes.annotate(
            "diverged", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", gid="diverged"
        )
    axes.set_xticks(layer_ticks(layers))
    axes.set_xlim(layers[0] - 0.5, layers[-1] + 0.5)
    axes.set_ylim(-0.015 * top, top * 1.01)
    axes.set_xlabel("layer")
    axes.set_ylabel("best step $t^*$")


def highest_step(matches: pd.DataFrame, runs: Sequence[str], solvers: Sequence[str]) -> float:
    """Return a step that no interval of the runs exceeds, for panels that share their step axis."""
    rows = matches[matches["run"].isin(runs) & matches["solver"].isin(solvers)]
    highest = rows[["best_step", "best_step_high"]].to_numpy(float)
    return max(1.0, float(np.nanmax(highest, initial=1.0)))


def solver_handles(solvers: Sequence[str]) -> list[Line2D]:
    """Return the legend of the solvers' lines."""
    return [
        Line2D(
            [],
            [],
            color=look_of(solver).colour,
            marker=look_of(solver).marker,
            linestyle=look_of(solver).line,
            label=short_name(solver),
        )
        for solver in solvers
    ]


def censored_handle(panels: Sequence[Axes]) -> list[Line2D]:
    """Return the legend entry of censored best steps, if the panels show any."""
    if not any(line.get_gid() == "censored" for axes in panels for line in axes.lines):
        return []
    label = "edge of grid (censored)"
    return [Line2D([], [], color="0.3", marker="o", markerfacecolor="white", linestyle="None", label=label)]
