"""Built conjugate gradients layer by layer, beside float64 CG, Richardson and the rate bound of the theory.

Relative errors of predictions, medians over prompts; the horizontal axis counts CG steps, of which one is a
fixed number of blocks.
"""

from typing import Final, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ickrr.report.load import summary_row
from ickrr.report.style import (
    ABOVE_STAMP,
    MUTED,
    LineStyle,
    letter,
    level_colours,
    look_of,
    new_figure,
    note,
    style,
)

FAMILIES: Final = ("well", "ill")
CONVERGED: Final = 1e-12  # of the exact stack: what comes long after is not shown
LOWEST, HIGHEST = 1e-16, 1e3
STACKS: Final = {"built_cg": ("black", "built, exact"), "built_pcg": ("#6A3D9A", "built, preconditioned")}
SOLVERS: Final = {
    "conjugate_gradient": "conjugate gradients",
    "preconditioned_cg": "preconditioned CG",
    "richardson": "Richardson",
    "preconditioned_richardson": "preconditioned Richardson",
}
MARKED: Final = ("conjugate_gradient", "preconditioned_cg")
MOST_MARKS: Final = 24  # of one solver in a panel; more would hide the curve that they stand on


def conjugate_gradient_figure(curves: pd.DataFrame, summary: pd.DataFrame, scale: str) -> Figure:
    """Draw the well-conditioned (a) and the ill-conditioned prompts (b).

    Args:
        curves: table `metarep/cg_curves`.
        summary: table `metarep/cg`.
        scale: name of the scale.
    """
    predictions = curves[curves["measure"] == "prediction"]
    with style():
        figure = new_figure(height=2.6)
        axes = figure.subplots(1, 2, sharey=True)
        for index, family in enumerate(FAMILIES):
            panel = axes[index]
            rows = predictions[predictions["family"] == family]
            _draw(panel, rows)
            kappa = summary_row(summary, "condition_number", "kernel", family).value
            panel.set_title(f"{family}-conditioned, median $\\kappa$ = {kappa:.{0 if kappa > 100 else 1}f}")
            letter(panel, "ab"[index])
        axes[0].set_ylabel("relative prediction error")
        figure.legend(
            handles=_handles(predictions),
            loc="outside lower center",
            borderaxespad=ABOVE_STAMP,
            ncols=3,
            fontsize=6,
        )
        blocks = summary_row(summary, "blocks_per_step", "cg", "").value
        relu = summary_row(summary, "blocks_per_step", "relu", "").value
        note(figure, f"{scale} scale, a step is {blocks:.0f} blocks, with ReLU {relu:.0f}")
    return figure


def describe_conjugate_gradient(summary: pd.DataFrame) -> str:
    """Say what the figure shows, from the summary alone."""
    lines = []
    for family in FAMILIES:
        error, twin, local = (
            summary_row(summary, quantity, "cg", family).value
            for quantity in ("step_error", "twin_error", "local_error")
        )
        steps = {
            subject: summary_row(summary, "steps", subject, family).value
            for subject in ("cg", "pcg", "richardson", "preconditioned_richardson")
        }
        lines.append(
            f"{family}-conditioned: until convergence the built stack is within {error:.1e} of CG, a second "
            f"float64 CG within {twin:.1e}; from its own state, each step is within {local:.1e}. "
            "Median steps: "
            + ", ".join(f"{subject.replace('_', ' ')} {count:g}" for subject, count in steps.items())
            + "."
        )
    return "\n\n".join(lines)


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    for method, (stack_colour, _) in STACKS.items():
        _stairs(axes, rows[rows["method"] == method], stack_colour)
    units = sorted(rows.loc[rows["method"] == "relu", "units"].unique())
    for number, level in zip(units, level_colours(len(units)), strict=True):
        _stairs(axes, rows[(rows["method"] == "relu") & (rows["units"] == number)], level)
    last = last_position(rows)
    for method in SOLVERS:
        found = rows[rows["method"] == method].sort_values("position")
        colour, line, marker = _look(method)
        shown = int((found["position"] <= last).sum())
        axes.plot(
            found["position"],
            found["value"],
            color=colour,
            linestyle=line,
            marker=marker,
            markersize=2.8,
            markevery=-(-shown // MOST_MARKS),
        )
    bound = rows[rows["method"] == "bound"].sort_values("position")
    axes.plot(bound["position"], bound["value"], color=MUTED, linestyle=":")
    axes.set_yscale("log")
    axes.set_ylim(LOWEST, HIGHEST)
    axes.set_xlim(0, last)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("CG step")


def last_position(rows: pd.DataFrame) -> float:
    """Return where the axis ends: half as far again as the slower exact stack takes to converge."""
    ends = []
    for method in STACKS:
        found = rows[rows["method"] == method].sort_values("position")
        below = found.loc[found["value"] <= CONVERGED, "position"]
        ends.append(float(below.iloc[0] if len(below) else found["position"].iloc[-1]))
    return float(min(np.ceil(1.5 * max(ends)), rows["position"].max()))


def _look(method: str) -> tuple[str, LineStyle | Literal["None"], str]:
    """Colour, line and marker of a solver: those that the stacks run are markers only."""
    look = look_of(method)
    return (look.colour, "None", look.marker) if method in MARKED else (look.colour, look.line, "None")


def _stairs(axes: Axes, rows: pd.DataFrame, colour: str | tuple[float, float, float]) -> None:
    ordered = rows.sort_values("layer")
    ends = (ordered["low"].clip(lower=LOWEST), ordered["high"].clip(lower=LOWEST))
    axes.fill_between(ordered["position"], *ends, color=colour, alpha=0.2, linewidth=0, step="post")
    axes.plot(ordered["position"], ordered["value"], color=colour, drawstyle="steps-post")


def _handles(rows: pd.DataFrame) -> list[Line2D]:
    """Return the legend, with one entry for all widths and one for the solvers that the stacks run."""
    handles = [Line2D([], [], color=colour, label=label) for colour, label in STACKS.values()]
    units = sorted(rows.loc[rows["method"] == "relu", "units"].unique())
    if units:
        label = f"built, {units[0]:g} to {units[-1]:g} ReLU units (light)"
        handles.append(Line2D([], [], color=level_colours(len(units))[-1], label=label))
    colour, line, marker = _look(next(method for method in SOLVERS if method in MARKED))
    handles.append(
        Line2D([], [], color=colour, linestyle=line, marker=marker, label="the same solvers in float64")
    )
    for method in (method for method in SOLVERS if method not in MARKED):
        colour, line, _ = _look(method)
        handles.append(Line2D([], [], color=colour, linestyle=line, label=SOLVERS[method]))
    return handles
