"""Best-matching step t*(l) of several solvers, one panel for each run on a common step axis."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from ickrr.report.matches import best_steps
from ickrr.report.methods import prose_name
from ickrr.report.panels.axes import letters
from ickrr.report.panels.best_steps import (
    censored_handle,
    draw_best_steps,
    highest_step,
    solver_handles,
)
from ickrr.report.style import new_figure, stamp, style

PANELS_A_ROW: Final = 3


def best_steps_figure(
    matches: pd.DataFrame, runs: Sequence[str], solvers: Sequence[str], scale: str
) -> Figure:
    """Draw the best steps of several solvers, one panel for each run.

    Args:
        matches: table `matches` of the runs.
        runs: runs, one panel each, at most three panels a row.
        solvers: solvers, one line each.
        scale: name of the scale.

    Raises:
        ValueError: a run or a solver is absent from the table.
    """
    with style():
        columns = min(len(runs), PANELS_A_ROW)
        rows = -(-len(runs) // columns)
        figure = new_figure(height=0.45 + 2.2 * rows)
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        panels = list(grid.flat[: len(runs)])
        for unused in grid.flat[len(runs) :]:
            unused.set_visible(False)
        top = highest_step(matches, runs, solvers)
        for axes, run in zip(panels, runs, strict=True):
            draw_best_steps(axes, matches, run, solvers, top)
            axes.set_title(run.replace("_", " "))
            axes.label_outer(remove_inner_ticks=False)
            axes.set_xlabel("layer")
        letters(panels)
        handles = solver_handles(solvers) + censored_handle(panels)
        figure.legend(handles=handles, loc="outside upper center", ncols=5)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_best_steps(matches: pd.DataFrame, run: str, solvers: Sequence[str]) -> str:
    """Say what the figure shows for one run, from the table alone."""
    parts = []
    for solver in solvers:
        found = best_steps(matches, run, solver)
        inner = found.layer > 0
        first, last = found.step[inner][0], found.step[inner][-1]
        end = "a censored one" if found.censored[-1] else f"{last:.3g}"
        parts.append(
            f"{prose_name(solver)} from {first:.3g} to {end} ({int(found.censored[inner].sum())} of "
            f"{int(inner.sum())} layers censored)"
        )
    return f"Run `{run}`: best steps from layer 1 to the last, mean over seeds: {'; '.join(parts)}."
