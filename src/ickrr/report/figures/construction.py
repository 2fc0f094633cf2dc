"""The hand-built models: error against depth and width, and both against N, beside what the theory asks for.

Errors are sup errors over all prompts and queries of a cell. The theory's error falls by the contraction
bound with each block, until the interpolants' share of eps is reached, and with the square of the width.
"""

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from ickrr.report.style import MUTED, letter, level_colours, math_number, new_figure, note, style

COLOURS: Final = ("#004488", "#BB3344", "#2A9D8F")
MARKERS: Final = ("o", "s", "^")
SHOWN_LENGTH: Final = 40


def construction_figure(
    cells: pd.DataFrame, layers: pd.DataFrame, widths: pd.DataFrame, scale: str
) -> Figure:
    """Draw error against depth (a) and width (b) for the scaled ridge, depth (c) and width (d) against N.

    Args:
        cells: table `construction/cells`.
        layers: table `construction/layers`.
        widths: table `construction/widths`.
        scale: name of the scale.
    """
    name, context_length = shown_case(cells)
    with style():
        figure = new_figure(height=4.0)
        axes = figure.subplots(2, 2)
        _draw_depth(axes[0, 0], _case(layers, name, context_length), _case(cells, name, context_length))
        _draw_width(axes[0, 1], _case(widths, name, context_length), _case(cells, name, context_length))
        accuracy = shown_accuracy(cells)
        chosen = cells[cells["accuracy"] == accuracy]
        _draw_against_n(axes[1, 0], chosen, "steps", "smallest_steps")
        axes[1, 0].set_title(f"Steps, $\\varepsilon$ = {math_number(accuracy)}")
        _draw_against_n(axes[1, 1], chosen, "width", "smallest_width")
        axes[1, 1].set_title(f"Width, $\\varepsilon$ = {math_number(accuracy)}")
        for index, panel in enumerate(axes.flat):
            letter(panel, "abcd"[index])
        verified = cells[cells["status"] == "verified"]
        note(figure, f"{scale} scale, {len(verified)} models run on {int(verified['prompts'].sum())} prompts")
    return figure


def shown_case(cells: pd.DataFrame) -> tuple[str, int]:
    """Name of the scaled ridge, and the context length nearest 40, of the upper panels."""
    scaled = cells[(cells["scaling"] == "scaled") & (cells["status"] == "verified")]
    lengths = np.sort(scaled["context_length"].unique())
    return str(scaled["name"].iloc[0]), int(lengths[np.abs(lengths - SHOWN_LENGTH).argmin()])


def shown_accuracy(cells: pd.DataFrame) -> float:
    """The second coarsest accuracy of the grid, for the lower panels."""
    accuracies = np.sort(cells["accuracy"].unique())[::-1]
    return float(accuracies[min(1, len(accuracies) - 1)])


def describe_construction(cells: pd.DataFrame) -> str:
    """Say what the figure shows, from the table alone."""
    verified = cells[cells["status"] == "verified"]
    worst = float((verified["error"] / verified["accuracy"]).max())
    shown = (
        f"{int(verified['passed'].sum())} of {len(verified)} models that were run keep every promised bound"
    )
    others = ", ".join(
        f"{count} {status}" for status, count in cells["status"].value_counts(sort=False).items()
    )
    return f"{shown} ({others}); the largest error is {worst:.2g} times the accuracy that was asked for."


def _case(table: pd.DataFrame, name: str, context_length: int) -> pd.DataFrame:
    return table[(table["name"] == name) & (table["context_length"] == context_length)]


def _accuracies(cells: pd.DataFrame) -> list[float]:
    return sorted(cells.loc[cells["status"] == "verified", "accuracy"].unique(), reverse=True)


def _draw_depth(axes: Axes, layers: pd.DataFrame, cells: pd.DataFrame) -> None:
    accuracies = _accuracies(cells)[::2]  # more of them hide each other
    for accuracy, colour in zip(accuracies, level_colours(len(accuracies)), strict=True):
        rows = layers[layers["accuracy"] == accuracy].sort_values("layer")
        axes.plot(rows["layer"], rows["error"], color=colour)
        axes.plot(rows["layer"], rows["bound"], color=colour, linestyle=":", linewidth=0.8)
    axes.set_yscale("log")
    axes.set_xlabel("block")
    axes.set_ylabel("largest error")
    axes.set_title(f"Error against depth, $N$ = {int(cells['context_length'].iloc[0])}")
    handles = [
        Line2D([], [], color=colour, label=f"$\\varepsilon$ = {math_number(accuracy)}")
        for accuracy, colour in zip(accuracies, level_colours(len(accuracies)), strict=True)
    ]
    handles.append(Line2D([], [], color=MUTED, linestyle=":", label="proven bound"))
    axes.legend(handles=handles, fontsize=6, loc="upper right")


def _draw_width(axes: Axes, widths: pd.DataFrame, cells: pd.DataFrame) -> None:
    accuracies = _accuracies(cells)
    for accuracy, colour in zip(accuracies, level_colours(len(accuracies)), strict=True):
        rows = widths[widths["accuracy"] == accuracy].sort_values("width")
        axes.plot(rows["width"], rows["error"], color=colour, marker="o", markersize=2.5, label="_")
        cell = cells[cells["accuracy"] == accuracy]
        axes.plot(cell["width"], cell["accuracy"], color=colour, marker="D", linestyle="None", markersize=4)
    theory = cells[cells["status"] == "verified"].sort_values("width")
    if len(theory):
        span = np.array([theory["width"].min() / 8, theory["width"].max()])
        anchor = float(theory["accuracy"].iloc[0]) * float(theory["width"].iloc[0]) ** 2
        axes.plot(span, anchor / span**2, color=MUTED, linestyle="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("MLP width")
    axes.set_ylabel("largest error")
    axes.set_title("Error against width")
    handles = [
        Line2D([], [], color="black", marker="o", markersize=2.5, label="measured"),
        Line2D(
            [], [], color="black", marker="D", linestyle="None", label="theory's choice for $\\varepsilon$"
        ),
        Line2D([], [], color=MUTED, linestyle="--", label="slope $-2$"),
    ]
    axes.legend(handles=handles, fontsize=6, loc="upper right")


def _draw_against_n(axes: Axes, cells: pd.DataFrame, theory: str, smallest: str) -> None:
    handles = []
    for index, (_, rows) in enumerate(cells.groupby("name", sort=False)):
        turn, place = divmod(index, len(COLOURS))
        colour, marker = COLOURS[place], MARKERS[(place + turn) % len(MARKERS)]
        ordered = rows.sort_values("context_length")
        found = ordered[ordered[smallest] > 0]
        axes.plot(ordered["context_length"], ordered[theory], color=colour, linestyle="--")
        axes.plot(found["context_length"], found[smallest], color=colour, marker=marker)
        handles.append(Line2D([], [], color=colour, marker=marker, label=_ridge_name(ordered)))
    handles.append(Line2D([], [], color=MUTED, linestyle="--", label="theory"))
    axes.set_xscale("log")
    axes.set_yscale("log")
    lengths = np.sort(cells["context_length"].unique())
    axes.set_xticks(lengths, [str(int(length)) for length in lengths])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_minor_locator(LogLocator(subs=()))
    axes.set_xlabel("context length $N$")
    axes.set_ylabel("Richardson steps" if theory == "steps" else "MLP width")
    axes.legend(handles=handles, fontsize=6, loc="upper left")


def _ridge_name(rows: pd.DataFrame) -> str:
    value = float(rows["ridge"].iloc[0])
    return f"$\\lambda$ = {value:g} $N$" if rows["scaling"].iloc[0] == "scaled" else f"$\\lambda$ = {value:g}"
