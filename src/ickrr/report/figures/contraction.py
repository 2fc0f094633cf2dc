"""Measured contraction of preconditioned Richardson against N: 1 - rho(I - P A), on log axes.

A constant distance from 1 is a rate that does not depend on N; a distance of order 1/N costs a depth of order
N. The last row asks on how many prompts the rate 1 - alpha^2/8 holds, which a spectral gap of D^-1 K would
give if it governed Richardson: alpha is the smallest kernel value of the prompt over the largest.
"""

from collections.abc import Sequence
from itertools import cycle
from typing import Final

import numpy as np
import pandas as pd
import seaborn
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from ickrr.report.methods import law_name
from ickrr.report.panels.axes import letters
from ickrr.report.style import MUTED, level_colours, math_number, new_figure, note, style

MIDDLE: Final = 90  # percent of the prompts in a band
MARKERS: Final = ("o", "s", "^")


def contraction_figure(contraction: pd.DataFrame, laws: Sequence[str], scale: str) -> Figure:
    """Draw fixed ridge, scaled ridge and the share of prompts on which the gap's rate holds, laws as columns.

    Args:
        contraction: table `construction/contraction`.
        laws: laws that its random prompts were drawn from, in the order of the columns.
        scale: name of the scale.
    """
    fixed, scaled = shown_ridge(contraction, "fixed"), shown_ridge(contraction, "scaled")
    with style():
        figure = new_figure(height=4.6)
        grid = figure.subplots(3, len(laws), squeeze=False, sharex=True, sharey="row")
        for column, law in enumerate(laws):
            for row, (scaling, ridge) in enumerate((("fixed", fixed), ("scaled", scaled))):
                part = contraction[(contraction["scaling"] == scaling) & (contraction["ridge"] == ridge)]
                axes = grid[row, column]
                # Adversarial sets belong to no law, so they stand in the first column.
                adversarial = part[part["kind"] == "adversarial"] if column == 0 else part.iloc[:0]
                _draw_gaps(axes, part, law, adversarial)
                named = f"$\\lambda$ = {ridge:g}" + (" $N$" if scaling == "scaled" else "")
                axes.set_title(f"{law_name(law)}, {named}")
            _draw_share(grid[2, column], contraction, law)
            grid[2, column].set_title(f"{law_name(law)}, fixed $\\lambda$")
            grid[2, column].set_xlabel("context length $N$")
        grid[0, 0].set_ylabel(r"$1-\rho$")
        grid[1, 0].set_ylabel(r"$1-\rho$")
        grid[2, 0].set_ylabel("share with $\\rho\\leq 1-\\alpha^2/8$")
        letters(grid.flat)
        for axes in grid.flat:
            lengths = np.sort(contraction["context_length"].unique())
            axes.set_xscale("log")
            axes.set_xticks(lengths, [str(int(length)) for length in lengths])
            axes.xaxis.set_minor_locator(LogLocator(subs=()))
            axes.xaxis.set_minor_formatter(NullFormatter())
        _legends(figure, grid, contraction)
        counts = contraction.groupby("context_length")["factor"].size()
        note(figure, f"{scale} scale, {counts.min()} to {counts.max()} spectra at each N")
    return figure


def shown_ridge(contraction: pd.DataFrame, scaling: str) -> float:
    """The ridge of a scaling that the upper rows show: the middle fixed one, the smallest scaled one."""
    values = np.sort(contraction.loc[contraction["scaling"] == scaling, "ridge"].unique())
    return float(values[len(values) // 2] if scaling == "fixed" else values[0])


def describe_contraction(contraction: pd.DataFrame, laws: Sequence[str]) -> str:
    """Say what the figure shows, from the table alone; `laws` as `contraction_figure` takes them."""
    ridge = contraction[contraction["preconditioner"] == "ridge"]
    kept = bool((ridge["factor"] <= ridge["bound"] + 1e-9).all())
    lines = [
        f"The theorem's bound {'holds' if kept else 'FAILS'} on "
        f"{'all' if kept else 'not all of'} {len(ridge)} spectra with the ridge in the row sums."
    ]
    random = ridge[ridge["family"].isin(laws) & (ridge["scaling"] == "fixed")]
    for (value, law), rows in random.groupby(["ridge", "family"]):
        shares = (
            rows.assign(holds=rows["factor"] <= rows["gap_rate"]).groupby("context_length")["holds"].mean()
        )
        text = ", ".join(f"{share:.0%} at N = {n}" for n, share in shares.items())
        lines.append(f"Fixed ridge {value:g}, {law}: the gap's rate holds on {text}.")
    return "\n\n".join(lines)


def _draw_gaps(axes: Axes, part: pd.DataFrame, law: str, adversarial: pd.DataFrame) -> None:
    lengthscales = sorted(part["lengthscale"].unique())
    diverging = False
    for lengthscale, colour, marker in zip(
        lengthscales, level_colours(len(lengthscales)), cycle(MARKERS), strict=False
    ):
        rows = part[(part["family"] == law) & (part["lengthscale"] == lengthscale)]
        ridge = rows[rows["preconditioner"] == "ridge"]
        seaborn.lineplot(
            ridge.assign(gap=1 - ridge["factor"]),
            x="context_length",
            y="gap",
            estimator="median",
            errorbar=("pi", MIDDLE),
            err_kws={"alpha": 0.25, "linewidth": 0},
            color=colour,
            marker=marker,
            markeredgecolor=colour,
            ax=axes,
        )
        kernel = rows[rows["preconditioner"] == "kernel"].groupby("context_length")["factor"].median()
        converges = kernel[kernel < 1]
        axes.plot(
            converges.index,
            1 - converges,
            color=colour,
            linestyle=":",
            marker=marker,
            markerfacecolor="white",
        )
        diverging |= bool((kernel >= 1).any())
    bound = part[part["preconditioner"] == "ridge"].groupby("context_length")["bound"].max()
    axes.plot(bound.index, 1 - bound, color="black", linestyle="--")
    if not adversarial.empty:
        shown = adversarial[adversarial["preconditioner"] == "ridge"]
        axes.plot(
            shown["context_length"],
            1 - shown["factor"],
            color=MUTED,
            marker="x",
            linestyle="None",
            markersize=3,
        )
    axes.set(xlabel="", ylabel="", yscale="log")
    # Just below 1 the plain preconditioner may come arbitrarily close to not converging; the bound is the
    # scale.
    axes.set_ylim(bottom=0.3 * float((1 - bound).min()), top=1.5)
    if diverging:
        text = "row sums of $K$: diverges elsewhere"
        axes.text(0.97, 0.04, text, transform=axes.transAxes, ha="right", va="bottom", fontsize=6)


def _draw_share(axes: Axes, contraction: pd.DataFrame, law: str) -> None:
    lengthscales = np.sort(contraction["lengthscale"].unique())
    middle = lengthscales[len(lengthscales) // 2]
    part = contraction[
        (contraction["family"] == law)
        & (contraction["lengthscale"] == middle)
        & (contraction["scaling"] == "fixed")
        & (contraction["preconditioner"] == "ridge")
    ]
    ridges = np.sort(part["ridge"].unique())
    for ridge, colour, marker in zip(ridges, level_colours(len(ridges)), cycle(MARKERS), strict=False):
        rows = part[part["ridge"] == ridge]
        share = (
            rows.assign(holds=rows["factor"] <= rows["gap_rate"]).groupby("context_length")["holds"].mean()
        )
        axes.plot(share.index, share, color=colour, marker=marker, label=f"$\\lambda$ = {ridge:g}")
    axes.set_ylim(-0.05, 1.05)
    rate = 1 - part.groupby("context_length")["gap_rate"].median()
    first, last = (
        math_number(float(f"{value:.0e}")) if value > 0 else "below rounding" for value in rate.iloc[[0, -1]]
    )
    shown = f"median $\\alpha^2/8$: {first} to {last}"
    axes.text(0.97, 0.5, shown, transform=axes.transAxes, ha="right", fontsize=6)


def _legends(figure: Figure, grid: np.ndarray, contraction: pd.DataFrame) -> None:
    """Explain lines and markers above all panels, and colours in the last one of the first and third row."""
    lengthscales = sorted(contraction["lengthscale"].unique())
    colours = level_colours(len(lengthscales))
    lengths = [
        Line2D([], [], color=colour, marker=marker, label=f"$h$ = {lengthscale:g}")
        for lengthscale, colour, marker in zip(lengthscales, colours, cycle(MARKERS), strict=False)
    ]
    open_circle = {"marker": "o", "markerfacecolor": "white", "linestyle": ":"}
    handles = [
        Line2D([], [], color="0.3", marker="o", label="row sums of $K+\\lambda I$"),
        Line2D([], [], color="0.3", label="row sums of $K$", **open_circle),  # type: ignore[arg-type]
        Line2D([], [], color="black", linestyle="--", label="proven bound"),
        Line2D([], [], color=MUTED, marker="x", linestyle="None", label="adversarial sets"),
    ]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    grid[0, 0].legend(handles=lengths, fontsize=6, loc="upper right")
    grid[2, -1].legend(fontsize=6, loc="lower right")
