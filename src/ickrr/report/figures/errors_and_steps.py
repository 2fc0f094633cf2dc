"""What the layers of several models do: their errors above, the solver steps they match best below.

One column for each run. Above, the MSE of the layers against the clean f, one curve for each context length
n; the dashed line is the last layer at n = N, the dotted one converged kernel ridge regression at n = N,
the best that any predictor reaches. Below, t*(l) of several solvers.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ickrr.report.curves import TRANSFORMER, last_layer_mse
from ickrr.report.matches import best_steps
from ickrr.report.methods import prose_name
from ickrr.report.panels.axes import letters, logarithmic
from ickrr.report.panels.best_steps import (
    censored_handle,
    draw_best_steps,
    highest_step,
    solver_handles,
)
from ickrr.report.panels.error_curve import (
    draw_error_curves,
    length_colours,
    length_legend,
)
from ickrr.report.style import ABOVE_STAMP, new_figure, stamp, style


def errors_and_steps_figure(
    errors: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    context_lengths: Sequence[int],
    solvers: Sequence[str],
    scale: str,
) -> Figure:
    """Draw errors and best steps by layer, one column for each run.

    Args:
        errors: table `errors` of the runs.
        matches: table `matches` of the runs.
        runs: runs, left to right.
        context_lengths: context lengths n of the upper panels; those beyond N are left out.
        solvers: solvers of the lower panels.
        scale: name of the scale.

    Raises:
        ValueError: a run or a solver is absent from the tables.
    """
    with style():
        figure = new_figure(height=3.6)
        grid = figure.subplots(2, len(runs), sharey="row", squeeze=False)
        colours = length_colours(errors, context_lengths)
        top = highest_step(matches, runs, solvers)
        for (upper, lower), run in zip(grid.T, runs, strict=True):
            table = errors[errors["run"] == run]
            draw_error_curves(upper, table, TRANSFORMER, colours)
            upper.axhline(last_layer_mse(table), color="black", linestyle="--", linewidth=0.8, zorder=3)
            upper.axhline(_bayes_mse(table), color="black", linestyle=":", linewidth=0.8, zorder=3)
            logarithmic(upper)
            upper.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 4, 5, 10]))
            upper.set_xlabel("layer")
            upper.set_title(run.replace("_", " "))
            draw_best_steps(lower, matches, run, solvers, top)
            lower.set_ylabel("")
        grid[0, 0].set_ylabel("MSE")
        grid[1, 0].set_ylabel("best step $t^*$")
        letters(grid.flat)
        length_legend(figure, colours)
        handles = solver_handles(solvers) + censored_handle(list(grid[1]))
        figure.legend(handles=handles, loc="outside lower center", borderaxespad=ABOVE_STAMP, ncols=5)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_errors_and_steps(
    errors: pd.DataFrame, matches: pd.DataFrame, run: str, solvers: Sequence[str]
) -> str:
    """Say what the figure shows for one run, from the tables alone."""
    table = errors[errors["run"] == run]
    last, bayes = last_layer_mse(table), _bayes_mse(table)
    parts = []
    for solver in solvers:
        found = best_steps(matches, run, solver)
        known = (found.layer > 0) & ~found.censored & np.isfinite(found.step)
        if not known.any():
            parts.append(f"{prose_name(solver)} has none within the grid")
            continue
        peak = int(np.argmax(np.where(known, found.step, -1)))
        parts.append(f"{prose_name(solver)} {found.step[peak]:.3g} at layer {found.layer[peak]}")
    return (
        f"Run `{run}`: the MSE of the last layer at n = N is {last:.3g}, {last / bayes:.3g} times that of "
        f"converged kernel ridge regression. Largest best step found: {'; '.join(parts)}."
    )


def _bayes_mse(errors: pd.DataFrame) -> float:
    rows = errors[errors["method"] == "posterior_mean"]
    return float(rows.sort_values("context_length")["mse"].iloc[-1])
