"""Error against depth, beside error against steps.

One row a run: the mean squared error against the clean f of the transformer's layers l = 0..L, then of each
solver's steps t = 0..T, one curve for each context length n, all on one logarithmic axis. The dashed line
is the transformer's last layer at n = N, the level that a solver has to reach. Steps are logarithmic, as
most solvers have arrived long before their last one, and begin at one.
"""

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ickrr.report.curves import (
    TRANSFORMER,
    cut_at,
    divergence_ceiling,
    error_curve,
    first_step_below,
    last_layer_mse,
)
from ickrr.report.methods import prose_name, short_name
from ickrr.report.panels.axes import letters, logarithmic, steps_by_doubling
from ickrr.report.panels.error_curve import (
    draw_error_curves,
    length_colours,
    length_legend,
)
from ickrr.report.style import new_figure, stamp, style


def error_curves_figure(
    errors: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    context_lengths: Sequence[int],
    scale: str,
) -> Figure:
    """Draw the errors of transformer and solvers, one row of panels a run.

    Args:
        errors: table `errors` of the runs.
        runs: runs, top to bottom.
        solvers: solvers, left to right, after the transformer.
        context_lengths: context lengths n, one curve each; those beyond a run's N are left out.
        scale: name of the scale.

    Raises:
        ValueError: a run, a solver or every context length is absent from the table.
    """
    with style():
        figure = new_figure(height=0.55 + 1.6 * len(runs))
        columns = [TRANSFORMER, *solvers]
        grid = figure.subplots(len(runs), len(columns), sharey=True, squeeze=False)
        colours = length_colours(errors, context_lengths)
        for row, run in enumerate(runs):
            table = errors[errors["run"] == run]
            for axes, method in zip(grid[row], columns, strict=True):
                draw_error_curves(axes, table, method, colours)
                axes.axhline(last_layer_mse(table), color="black", linestyle="--", linewidth=0.8, zorder=3)
                logarithmic(axes)
                axes.set_title(short_name(method))
                if method == TRANSFORMER:
                    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 4, 5, 10]))
                    axes.set_xlabel("layer")
                    axes.set_xlim(left=0)
                else:
                    steps_by_doubling(axes)
            grid[row, 0].set_ylabel("MSE" if len(runs) == 1 else f"{run.replace('_', ' ')}\nMSE")
        letters(grid.flat)
        length_legend(figure, colours)
        stamp(figure, scale, errors[errors["run"].isin(runs)])
    return figure


def describe_error_curves(
    errors: pd.DataFrame, run: str, solvers: Sequence[str], context_lengths: Sequence[int]
) -> str:
    """Say what the figure shows for one run, from the table alone."""
    table = errors[errors["run"] == run]
    layers = table[table["method"] == TRANSFORMER]
    n_last = int(layers["context_length"].max())
    reference = last_layer_mse(table)
    reached, missed, cut = [], [], []
    for solver in solvers:
        curve = error_curve(table, solver, n_last)
        step = None if curve is None else first_step_below(curve, reference)
        if step is not None:
            reached.append(f"{prose_name(solver)} at step {step}")
        else:
            missed.append(prose_name(solver))
        ceiling = divergence_ceiling(table)
        curves = {n: error_curve(table, solver, n) for n in context_lengths}
        lengths = [n for n, c in curves.items() if c is not None and cut_at(c, ceiling) is not None]
        if lengths:
            cut.append(f"{prose_name(solver)} (n = {', '.join(map(str, lengths))})")
    text = (
        f"Run `{run}`: the last of {int(layers['step'].max())} layers has an MSE of {reference:.3g} at "
        f"n = {n_last}. "
    )
    text += f"Solvers that reach it: {'; '.join(reached) or 'none'}. "
    text += f"Solvers that do not within the grid: {', '.join(missed) or 'none'}. "
    return text + f"Diverging, cut where the cross is: {'; '.join(cut) or 'none'}."
