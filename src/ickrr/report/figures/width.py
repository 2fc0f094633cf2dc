"""Error of kernel regression on r channels of a representation, a panel for each ridge, with d_eff marked."""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ickrr.report.panels.axes import letters
from ickrr.report.style import ABOVE_STAMP, MUTED, new_figure, note, style

LOOKS: Final = {
    "gaussian": ("#004488", "o", "Gaussian projection"),
    "eigenspace": ("#BB3344", "s", "top eigenspace (oracle)"),
}
"""Colour, marker and label of each projection of the table; a test compares them with those that are made."""
QUANTILES: Final = (0.1, 0.9)
LOWEST: Final = 1e-3  # where r reaches the rank of the representation the oracle's error is rounding
STACK: Final = "D"
STACK_NAME: Final = "built stack, heads of width $r$"


def width_figure(curves: pd.DataFrame, scale: str) -> Figure:
    """Draw the error against the rank for every ridge.

    Args:
        curves: table `metarep/width_curves`.
        scale: name of the scale.
    """
    ridges = np.sort(curves["ridge"].unique())
    with style():
        figure = new_figure(height=2.1)
        axes = figure.subplots(1, len(ridges), sharey=True, squeeze=False)[0]
        for panel, ridge in zip(axes, ridges, strict=True):
            _draw(panel, curves[curves["ridge"] == ridge])
            panel.set_title(f"$\\lambda$ = {ridge:g}")
        letters(axes)
        axes[0].set_ylabel("relative query RMSE")
        handles = [
            Line2D([], [], color=colour, marker=marker, label=label)
            for colour, marker, label in LOOKS.values()
        ]
        handles.append(Line2D([], [], color="black", marker=STACK, linestyle="None", label=STACK_NAME))
        handles.append(Line2D([], [], color=MUTED, linestyle="--", label=r"$d_\mathrm{eff}$"))
        figure.legend(
            handles=handles,
            loc="outside lower center",
            borderaxespad=ABOVE_STAMP,
            ncols=4,
            fontsize=6,
        )
        note(figure, f"{scale} scale, {curves['seed'].nunique()} seeds")
    return figure


def describe_width(summary: pd.DataFrame) -> str:
    """Say what the figure shows, from the summary alone."""
    lines = []
    for row in summary[summary["quantity"] == "effective_dimension"].to_dict("records"):
        falls = summary[(summary["quantity"] == "fall") & (summary["setting"] == row["setting"])]
        text = " and ".join(
            f"{fall['value']:.2g} [{fall['low']:.2g}, {fall['high']:.2g}] ({fall['subject']})"
            for fall in falls.to_dict("records")
        )
        lines.append(
            f"Ridge {row['setting']}, effective dimension {row['value']:.3g}: from half of it to twice it "
            f"the error falls to {text} of itself."
        )
    gap = summary.loc[summary["quantity"] == "stack_gap", "value"].max()
    lines.append(f"The built stack is within {gap:.1e} of the algebra.")
    return "\n\n".join(lines)


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    grid = rows[(rows["source"] == "algebra") & rows["multiple"].isna()]
    for projection, (colour, marker, _) in LOOKS.items():
        errors = grid[grid["projection"] == projection].groupby("rank")["error"]
        mean = errors.mean()
        low, high = (errors.quantile(level).clip(lower=LOWEST / 10) for level in QUANTILES)
        axes.fill_between(mean.index, low, high, color=colour, alpha=0.25, linewidth=0)
        axes.plot(mean.index, mean.clip(lower=LOWEST / 10), color=colour, marker=marker, markersize=2.5)
    stack = rows[rows["source"] == "stack"]
    axes.plot(stack["rank"], stack["error"], color="black", marker=STACK, linestyle="None", markersize=2.5)
    axes.axvline(grid.groupby("seed")["effective_dimension"].first().mean(), color=MUTED, linestyle="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(LOWEST, 3)
    axes.set_xlabel("rank $r$")
