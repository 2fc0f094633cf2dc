"""One error curve in a panel: the mean over seeds with their range, cut where it diverges."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ickrr.report.curves import TRANSFORMER, Curve, cut_at, divergence_ceiling, error_curve
from ickrr.report.style import level_colours, look_of

Colour = tuple[float, float, float]
MOST_LENGTHS: Final = 5  # whose colours a reader tells apart, also in grey


def draw_error_curves(axes: Axes, errors: pd.DataFrame, method: str, colours: dict[int, Colour]) -> None:
    """Draw the MSE of one method against its steps, one curve for each context length.

    Args:
        axes: the panel.
        errors: table `errors` of one run.
        method: transformer or a solver.
        colours: colour of each context length n.

    Raises:
        ValueError: the table has no rows of the method at any of the context lengths.
    """
    ceiling = divergence_ceiling(errors)
    found = {n: error_curve(errors, method, n) for n in colours}
    if all(curve is None for curve in found.values()):
        run = errors["run"].iloc[0]
        raise ValueError(f"table errors of '{run}' has no rows of '{method}' at n = {list(colours)}")
    for n, curve in found.items():
        if curve is not None:
            draw_curve(axes, curve, colours[n], ceiling, is_transformer=method == TRANSFORMER)


def draw_curve(axes: Axes, curve: Curve, colour: Colour, ceiling: float, *, is_transformer: bool) -> None:
    """Draw one curve up to where it diverges, and a cross there."""
    end = cut_at(curve, ceiling)
    shown = slice(None, end)
    marker = look_of(TRANSFORMER).marker if is_transformer and curve.step.size <= 30 else "None"
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


def length_colours(errors: pd.DataFrame, context_lengths: Sequence[int]) -> dict[int, Colour]:
    """Return a colour for the context lengths that the table has, or for five of them, spread evenly."""
    present = set(errors["context_length"])
    lengths = [n for n in context_lengths if n in present]
    if len(lengths) > MOST_LENGTHS:
        chosen = np.linspace(0, len(lengths) - 1, MOST_LENGTHS).round().astype(int)
        lengths = [lengths[index] for index in chosen]
    return dict(zip(lengths, level_colours(len(lengths)), strict=True))


def length_legend(figure: Figure, colours: dict[int, Colour]) -> None:
    """Put the legend of the context lengths above the panels; captions say what horizontal lines are."""
    handles = [Line2D([], [], color=colour, label=f"$n={n}$") for n, colour in colours.items()]
    if any(line.get_gid() == "diverged" for axes in figure.axes for line in axes.lines):
        handles.append(
            Line2D([], [], color="0.3", marker="x", markersize=5, linestyle="None", label="diverges")
        )
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), handlelength=1.4)
