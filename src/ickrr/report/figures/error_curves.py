"""Error against depth, beside error against steps.

One row a run: the mean squared error against the clean f of the transformer's layers l = 0..L, then of each
solver's steps t = 0..T, one curve a context length n, all on one logarithmic axis. The dashed line is the
transformer's last layer at n = N, the level that a solver has to reach.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullFormatter

from ickrr.report.curves import (
    TRANSFORMER,
    Curve,
    cut_at,
    divergence_ceiling,
    error_curve,
    first_step_below,
    last_layer_mse,
)
from ickrr.report.methods import SHORT, prose_name
from ickrr.report.style import LOOKS, TEXT_WIDTH, letter, level_colours, new_figure, stamp, style


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
    present = set(errors["context_length"])
    context_lengths = [n for n in context_lengths if n in present]
    with style():
        figure = new_figure(height=0.55 + 1.6 * len(runs))
        columns = [TRANSFORMER, *solvers]
        grid = figure.subplots(len(runs), len(columns), sharey=True, squeeze=False)
        colours = dict(zip(context_lengths, level_colours(len(context_lengths)), strict=True))
        for row, run in enumerate(runs):
            table = errors[errors["run"] == run]
            reference = last_layer_mse(table)
            ceiling = divergence_ceiling(table)
            for axes, method in zip(grid[row], columns, strict=True):
                for n in context_lengths:
                    curve = error_curve(table, method, n)
                    if curve is not None:
                        _draw(axes, curve, colours[n], ceiling, method == TRANSFORMER)
                if not axes.lines:
                    raise ValueError(
                        f"table errors of '{run}' has no rows of '{method}' at n = {list(context_lengths)}"
                    )
                axes.axhline(reference, color="black", linestyle="--", linewidth=0.8, zorder=3)
                axes.set_yscale("log")
                axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
                axes.yaxis.set_minor_formatter(NullFormatter())
                axes.xaxis.set_major_locator(MaxNLocator(4, integer=True, steps=[1, 2, 4, 5, 10]))
                axes.set_title(SHORT[method])
                axes.set_xlabel("layer" if method == TRANSFORMER else "step")
                axes.set_xlim(left=0)
            grid[row, 0].set_ylabel("MSE" if len(runs) == 1 else f"{run.replace('_', ' ')}\nMSE")
        for index, axes in enumerate(grid.flat):
            letter(axes, "abcdefghijklmnopqrstuvwxyz"[index])
        _legend(figure, grid, colours)
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


def _draw(
    axes: Axes,
    curve: Curve,
    colour: tuple[float, float, float],
    ceiling: float,
    is_transformer: bool,
) -> None:
    end = cut_at(curve, ceiling)
    shown = slice(None, end)
    marker = LOOKS[TRANSFORMER].marker if is_transformer and curve.step.size <= 30 else "None"
    axes.plot(curve.step[shown], curve.mse[shown], color=colour, marker=marker, markersize=2.2, zorder=2)
    if is_transformer:
        axes.fill_between(
            curve.step[shown],
            curve.low[shown],
            curve.high[shown],
            color=colour,
            alpha=0.25,
            linewidth=0,
        )
    if end is not None:
        # The cross stands where the curve was last on the axis, at the height at which it left.
        axes.plot(
            [curve.step[max(end - 1, 0)]],
            [min(ceiling, np.nan_to_num(curve.mse[max(end - 1, 0)], nan=ceiling))],
            color=colour,
            marker="x",
            markersize=5,
            linestyle="None",
            zorder=4,
            gid="diverged",
        )


def _legend(figure: Figure, grid: np.ndarray, colours: dict[int, tuple[float, float, float]]) -> None:
    handles = [Line2D([], [], color=colour, label=f"$n={n}$") for n, colour in colours.items()]
    handles.append(Line2D([], [], color="black", linestyle="--", linewidth=0.8, label="last layer, $n=N$"))
    if any(line.get_gid() == "diverged" for axes in grid.flat for line in axes.lines):
        handles.append(
            Line2D([], [], color="0.3", marker="x", markersize=5, linestyle="None", label="diverges")
        )
    columns = len(handles) if len(handles) * 0.62 < TEXT_WIDTH else -(-len(handles) // 2)
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, handlelength=1.4)
