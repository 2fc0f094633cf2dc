"""Similarity of errors, and the solver step that each layer matches best.

Left, a heatmap of SimE(layer l, step t) against one solver, with t*(l) = argmax_t boxed and its value
beside the box. Right, t*(l) of several solvers. Both share the step axis. A best step on the last step of
the grid is censored: it is drawn as an open marker on the edge (a dashed box in the heatmap) and joined to
nothing.
"""

from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.figure import Figure

from ickrr.report.matches import best_steps, mean_floor, similarity_map
from ickrr.report.methods import prose_name, short_name
from ickrr.report.panels.axes import letters
from ickrr.report.panels.best_steps import censored_handle, draw_best_steps, solver_handles
from ickrr.report.panels.heatmap import draw_heatmap
from ickrr.report.style import new_figure, stamp, style

PANEL_HEIGHT: Final = 2.35  # inches


def similarity_figure(
    similarity: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    heatmap_solver: str,
    scale: str,
) -> Figure:
    """Draw heatmap and best steps side by side, one row for each run.

    Args:
        similarity: table `similarity` of the runs.
        matches: table `matches` of the runs.
        runs: runs, top to bottom.
        solvers: solvers of the right panel.
        heatmap_solver: solver of the left panel.
        scale: name of the scale.

    Raises:
        ValueError: a run or a solver is absent from the tables.
    """
    with style():
        figure = new_figure(height=0.45 + PANEL_HEIGHT * len(runs))
        grid = figure.subplots(len(runs), 2, squeeze=False, sharey="row")
        for (left, right), run in zip(grid, runs, strict=True):
            draw_heatmap(left, similarity, matches, run, heatmap_solver)
            left.set_title(short_name(heatmap_solver))
            last_step = float(similarity.loc[similarity["run"] == run, "step"].max())
            draw_best_steps(right, matches, run, solvers, top=last_step)
            right.set_title("Best-matching step")
            right.set_ylabel("step")
            right.tick_params(labelleft=True)
            if len(runs) > 1:
                left.set_ylabel(f"{run.replace('_', ' ')}\nstep")
        letters(grid.flat)
        # Above the panels: inside, there is no corner that best steps never reach.
        handles = solver_handles(solvers) + censored_handle(list(grid[:, 1]))
        figure.legend(handles=handles, loc="outside upper center", ncols=5)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_similarity(
    similarity: pd.DataFrame, matches: pd.DataFrame, run: str, solvers: Sequence[str], solver: str
) -> str:
    """Say what the figure shows for one run, from the tables alone; `solver` is that of the heatmap."""
    values = similarity_map(similarity, run, solver)
    peaks = values.max(axis=0)
    inner = peaks[peaks.index > 0]
    steps = {name: best_steps(matches, run, name) for name in solvers}
    shares = ", ".join(
        f"{prose_name(name)} {int(found.censored[found.layer > 0].sum())}" for name, found in steps.items()
    )
    main = steps.get(solver, best_steps(matches, run, solver))
    last = "censored" if main.censored[-1] else f"{main.step[-1]:.3g}"
    return (
        f"Run `{run}`: the peak similarity to {prose_name(solver)} goes from {inner.iloc[0]:.3f} at layer 1 "
        f"to {inner.iloc[-1]:.3f} at layer {inner.index[-1]}, over a floor of "
        f"{mean_floor(matches, run, solver):.3f}. "
        f"Its best step goes from {main.step[main.layer == 1][0]:.3g} at layer 1 to {last} at the last. "
        f"Censored layers of 1..{inner.index[-1]}: {shares}."
    )
