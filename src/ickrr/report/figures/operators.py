"""Attention operators against kernels: distance by layer and head with its controls, and along the dials.

Above, one panel for each run and kernel: every head of the trained model, the means over heads of the
trained model and of its controls. Below, one panel for each dial on shared axes: the model's deviation from
the regression that knows the task, and the distance of its attention from the kernel of its representation.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ickrr.report.panels.axes import letters
from ickrr.report.style import Look, new_figure, run_looks, stamp, style

CONTROLS: Final = {
    "trained": ("trained", Look("#000000", "o", "-")),
    "shuffled": ("shuffled points", Look("#BB3344", "s", "--")),
    "random": ("random weights", Look("#004488", "^", "-.")),
    "flat": ("flat", Look("#777777", "None", ":")),
}
TARGETS: Final = {"gaussian": "inputs", "representation": "representation"}
DIALS: Final = {
    "bandwidth": "lengthscale / training's",
    "noise": "noise / training's",
    "radius": "factor on inputs",
    "law": "share of foreign inputs",
    "duplicates": "share of copies",
    "outlier": "shift of one label (sd)",
}
QUANTITIES: Final = {
    "deviation": ("mean square deviation from the data's KRR", Look("0.3", "o", "-")),
    "representation_distance": ("distance, mean over heads", Look("0.3", "s", "--")),
    "representation_best": ("distance, best head", Look("0.3", "^", ":")),
}
MAIN_DIAL: Final = "in_distribution"


def operators_figure(detail: pd.DataFrame, dials: pd.DataFrame, scale: str) -> Figure:
    """Draw both parts.

    Args:
        detail: table `metarep/operators_detail`.
        dials: table `metarep/operators_dials`.
        scale: name of the scale.

    Raises:
        ValueError: a table lacks the rows of a panel.
    """
    runs = list(dict.fromkeys(detail["run"]))
    shown = list(dict.fromkeys(dials["dial"]))
    with style():
        rows = -(-len(shown) // 3)
        figure = new_figure(height=1.7 + 1.2 * rows)
        upper, lower = np.atleast_1d(
            np.asarray(figure.subfigures(2, 1, height_ratios=[2.0, 1.85 * rows + 0.3]))
        )
        panels = upper.subplots(1, 2 * len(runs), squeeze=False, sharey=True)[0]
        for index, axes in enumerate(panels):
            run, target = runs[index // 2], list(TARGETS)[index % 2]
            _draw_heads(axes, detail[(detail["run"] == run) & (detail["target"] == target)])
            axes.set_title(f"{run}, {TARGETS[target]}", fontsize=7)
            axes.set_xlabel("layer")
        panels[0].set_ylim(bottom=0)
        panels[0].set_ylabel("distance from kernel")
        grid = lower.subplots(rows, 3, squeeze=False, sharey=True)
        for axes, dial in zip(grid.flat, shown, strict=False):
            _draw_dial(axes, dials[dials["dial"] == dial], runs)
            axes.set_xlabel(DIALS.get(dial, dial))
            axes.set_title(dial)
        for axes in grid.flat[len(shown) :]:
            axes.set_axis_off()
        grid[0, 0].set_yscale("log")
        for row in grid:
            row[0].set_ylabel("deviation, distance")
        letters([*panels, *grid.flat[: len(shown)]])
        upper.legend(handles=_control_handles(), loc="outside upper center", ncols=5)
        lower.legend(handles=_dial_handles(runs), loc="outside upper center", ncols=5, fontsize=6)
        stamp(figure, scale, detail)
    return figure


def describe_operators(detail: pd.DataFrame, dials: pd.DataFrame, run: str) -> str:
    """Say what the figure shows for one run, from the tables alone."""
    inside = detail[(detail["run"] == run) & (detail["dial"] == MAIN_DIAL)]
    means = inside.groupby(["target", "control"])["distance"].mean()
    parts = [
        f"from the kernel of the {name}, "
        + ", ".join(f"{means[target, control]:.2g} ({label})" for control, (label, _) in CONTROLS.items())
        for target, name in TARGETS.items()
    ]
    growths = []
    for dial in dict.fromkeys(dials.loc[dials["run"] == run, "dial"]):
        first, last = (
            _curve(dials[(dials["run"] == run) & (dials["dial"] == dial)], quantity)["value"].iloc[[0, -1]]
            for quantity in ("deviation", "representation_best")
        )
        growths.append(
            f"{dial}: deviation {first.iloc[1] / first.iloc[0]:.3g} times, "
            f"distance of the best head {last.iloc[1] / last.iloc[0]:.3g} times"
        )
    return (
        f"Run `{run}`: mean distance of heads {'; '.join(parts)}. "
        f"At the outermost level over in distribution: {'; '.join(growths)}."
    )


def _draw_heads(axes: Axes, rows: pd.DataFrame) -> None:
    inside = rows[rows["dial"] == MAIN_DIAL]
    for control, (_, look) in CONTROLS.items():
        part = inside[inside["control"] == control]
        if part.empty:
            raise ValueError(f"table metarep/operators_detail has no rows of control '{control}'")
        if control == "trained":
            heads = part.groupby(["layer", "rows", "head"])["distance"].mean().reset_index()
            axes.plot(
                heads["layer"],
                heads["distance"],
                linestyle="None",
                marker=".",
                markersize=2.5,
                color="0.6",
                gid="heads",
            )
        mean = part.groupby("layer")["distance"].mean()
        axes.plot(
            mean.index,
            mean,
            color=look.colour,
            linestyle=look.line,
            marker=look.marker,
            markersize=2.2,
            linewidth=1.0,
            gid=control,
        )
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _curve(rows: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """Rows of one quantity in the table's order of levels, which is from in to out."""
    found = rows[rows["quantity"] == quantity]
    if found.empty:
        raise ValueError(f"table metarep/operators_dials has no rows of '{quantity}'")
    return found


def _draw_dial(axes: Axes, rows: pd.DataFrame, runs: Sequence[str]) -> None:
    for run, look in zip(runs, run_looks(len(runs)), strict=True):
        of_run = rows[rows["run"] == run]
        for quantity, (_, drawn) in QUANTITIES.items():
            curve = _curve(of_run, quantity)
            at = np.arange(len(curve))
            axes.plot(
                at,
                curve["value"],
                color=look.colour,
                marker=drawn.marker,
                linestyle=drawn.line,
                markersize=2.2,
                linewidth=1.0,
                gid=f"{run} {quantity}",
            )
            axes.fill_between(at, curve["low"], curve["high"], color=look.colour, alpha=0.15, linewidth=0)
            axes.set_xticks(at, [f"{level:g}" for level in curve["level"]])


def _control_handles() -> list[Line2D]:
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line, label=name)
        for name, look in CONTROLS.values()
    ]
    return [Line2D([], [], color="0.6", marker=".", linestyle="None", label="one trained head"), *handles]


def _dial_handles(runs: Sequence[str]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line, label=name)
        for name, look in QUANTITIES.values()
    ]
    return handles + [
        Line2D([], [], color=look.colour, label=run)
        for run, look in zip(runs, run_looks(len(runs)), strict=True)
    ]
