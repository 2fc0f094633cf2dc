"""What breaks the match: the model beside ablated ones.

Above, t*(l) of several solvers, one panel for each run. Below, all runs together: the smallest distance of
each layer to one solver, the peak similarity over its floor (the thin line of the same colour), and the
final excess risk. The grey band is what predictors that do not iterate reach with the layers of the first
run, from the least to the largest over them. A run that diverged is shown as such: crosses for its final
risk, and no line where it has no finite predictions.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ickrr.report.matches import best_steps, mean_floor
from ickrr.report.methods import prose_name, short_name
from ickrr.report.panels.axes import letters, logarithmic
from ickrr.report.panels.best_steps import (
    censored_handle,
    draw_best_steps,
    highest_step,
    solver_handles,
)
from ickrr.report.panels.final_risk import (
    diverged_handle,
    draw_final_risks,
    final_risk,
    say_final_risk,
)
from ickrr.report.panels.layer_lines import draw_layer_line
from ickrr.report.panels.null_band import draw_null_band, null_handle, null_values
from ickrr.report.style import ABOVE_STAMP, new_figure, run_looks, stamp, style


def ablations_figure(
    matches: pd.DataFrame,
    learning_curve: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    solver: str,
    nulls: Sequence[str],
    scale: str,
) -> Figure:
    """Draw best steps of every run, and distance, similarity and final risk of all runs together.

    Args:
        matches: table `matches` of the runs.
        learning_curve: table `learning_curve` of the runs.
        runs: the first is the model that the others ablate.
        solvers: solvers of the upper panels.
        solver: solver of the distance and the similarity.
        nulls: predictors that do not iterate, one band for all of them.
        scale: name of the scale.

    Raises:
        ValueError: a run or a solver is absent from a table.
    """
    with style():
        figure = new_figure(height=3.6)
        layout = figure.add_gridspec(2, 3 * len(runs))
        upper: list[Axes] = []
        for index in range(len(runs)):
            place = layout[0, 3 * index : 3 * (index + 1)]
            upper.append(figure.add_subplot(place, sharey=upper[0] if upper else None))
        width = len(runs)
        lower = [figure.add_subplot(layout[1, width * i : width * (i + 1)]) for i in range(3)]
        top = highest_step(matches, runs, solvers)
        for axes, run in zip(upper, runs, strict=True):
            draw_best_steps(axes, matches, run, solvers, top)
            axes.set_title(run.replace("_", " "))
            axes.set_ylabel("best step $t^*$" if axes is upper[0] else "")
        looks = run_looks(len(runs))
        of_solver = matches[matches["solver"] == solver]
        for run, look in zip(runs, looks, strict=True):
            rows = of_solver[of_solver["run"] == run]
            draw_layer_line(lower[0], rows, "distance", look, first=1)
            draw_layer_line(lower[1], rows, "similarity", look, first=1)
            lower[1].axhline(
                mean_floor(matches, run, solver),
                color=look.colour,
                linestyle=look.line,
                linewidth=0.6,
                alpha=0.8,
                gid="floor",
            )
        for axes, value in zip(lower[:2], ("distance", "similarity"), strict=True):
            draw_null_band(axes, null_values(matches, runs[0], nulls, value))
        logarithmic(lower[0])
        lower[0].set_ylabel("smallest distance")
        lower[0].set_title(short_name(solver))
        lower[1].set_ylabel("peak SimE")
        lower[1].set_title(short_name(solver))
        risks = [final_risk(learning_curve, run) for run in runs]
        draw_final_risks(lower[2], risks, looks)
        lower[2].axhline(
            risks[0].bayes_risk, color="0.45", linestyle=(0, (1, 1)), linewidth=0.9, gid="bayes_risk"
        )
        logarithmic(lower[2])
        lower[2].set_xticks(
            range(len(runs)), labels=[run.replace("_", " " if len(run) <= 12 else "\n") for run in runs]
        )
        lower[2].set_title("final excess risk")
        letters([*upper, *lower])
        upper_handles = solver_handles(solvers) + censored_handle(upper)
        figure.legend(handles=upper_handles, loc="outside upper center", ncols=5)
        handles: list[Artist] = [
            Line2D(
                [],
                [],
                color=look.colour,
                marker=look.marker,
                linestyle=look.line,
                label=run.replace("_", " "),
            )
            for run, look in zip(runs, looks, strict=True)
        ]
        handles.append(Line2D([], [], color="0.45", linestyle=(0, (1, 1)), linewidth=0.9, label="Bayes risk"))
        handles += diverged_handle([lower[2]])
        handles += null_handle(lower, f"nulls, {runs[0].replace('_', ' ')}")
        figure.legend(handles=handles, loc="outside lower center", borderaxespad=ABOVE_STAMP, ncols=6)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_ablations(matches: pd.DataFrame, learning_curve: pd.DataFrame, run: str, solver: str) -> str:
    """Say what the figure shows for one run, from the tables alone."""
    rows = matches[(matches["run"] == run) & (matches["solver"] == solver) & (matches["layer"] > 0)]
    found = best_steps(matches, run, solver)
    inner = found.layer > 0
    distance = float(rows["distance"].mean(skipna=False))
    peak = float(rows["similarity"].mean(skipna=False))
    steps = found.step[inner & ~found.censored & np.isfinite(found.step)]
    reach = f"best steps from {steps.min():.3g} to {steps.max():.3g}" if steps.size else "no best step"
    return (
        f"Run `{run}`: {say_final_risk(final_risk(learning_curve, run))}. Against {prose_name(solver)}, the "
        f"smallest distance averages {distance:.3g} and the peak similarity {peak:.3f} over a floor of "
        f"{mean_floor(matches, run, solver):.3f}; {reach}, {int(found.censored[inner].sum())} "
        "layers censored."
    )
