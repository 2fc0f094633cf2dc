"""Excess risk against optimisation step, one panel for each run and one line for each seed.

The excess risk is mean (p - m)^2, the distance of the model's predictions from the posterior mean m on the
validation prompts; the horizontal line is the Bayes risk, the error against the clean f that nobody can
avoid. Below it stands the learning rate over its peak.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from ickrr.report.panels.axes import letters
from ickrr.report.style import MUTED, LineStyle, look_of, new_figure, stamp, style

# Seeds are alike, so one family of colours: they differ in lightness and in line.
SEED_LINES: Final[tuple[LineStyle, ...]] = ("-", "--", "-.", ":", (0, (5, 1)))
SEED_COLOURS: Final = ("#004488", "#BB3344", "#2A9D8F", "#E9B949", "#000000")
PANELS_A_ROW: Final = 3


def learning_curves_figure(learning_curve: pd.DataFrame, runs: Sequence[str], scale: str) -> Figure:
    """Draw the learning curves of all seeds of the runs.

    Args:
        learning_curve: table `learning_curve` of the runs.
        runs: runs, one panel each, at most three panels a row.
        scale: name of the scale.

    Raises:
        ValueError: a run is absent from the table.
    """
    with style():
        columns = min(len(runs), PANELS_A_ROW)
        rows = -(-len(runs) // columns)
        figure = new_figure(height=0.4 + 2.0 * rows, width=4.2 if columns == 1 else 6.3)
        grid = figure.subplots(
            2 * rows,
            columns,
            squeeze=False,
            sharex=False,
            gridspec_kw={"height_ratios": [4, 1] * rows},
        )
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            upper, lower = grid[2 * row, column], grid[2 * row + 1, column]
            if index >= len(runs):
                upper.set_visible(False)
                lower.set_visible(False)
                continue
            _draw(upper, lower, learning_curve, runs[index], first=column == 0)
        if len(runs) > 1:
            letters(axes for axes in grid[::2].flat if axes.get_visible())
        diverged = bool(learning_curve["diverged"].any())
        seeds = sorted(int(seed) for seed in learning_curve["seed"].unique())
        figure.legend(handles=_handles(seeds, diverged), loc="outside upper center", ncols=6)
        stamp(figure, scale, learning_curve[learning_curve["run"].isin(runs)])
    return figure


def describe_learning_curves(learning_curve: pd.DataFrame, run: str) -> str:
    """Say what the figure shows for one run, from the table alone."""
    rows = _of_run(learning_curve, run)
    final = rows.groupby("seed").tail(1)
    bayes = float(rows["bayes_risk"].iloc[0])
    values = final.loc[~final["diverged"], "excess_risk"]
    text = f"Run `{run}`: {len(final) - len(values)} of {len(final)} seeds diverged. "
    if values.empty:
        return text
    return text + (
        f"After {int(rows['step'].max())} steps the excess risk of the others is {values.mean():.3g} "
        f"on average, from {values.min():.3g} to {values.max():.3g}; the average is "
        f"{100 * values.mean() / bayes:.2g} % of the Bayes risk {bayes:.3g}."
    )


def _of_run(learning_curve: pd.DataFrame, run: str) -> pd.DataFrame:
    rows = learning_curve[learning_curve["run"] == run]
    if rows.empty:
        raise ValueError(f"table learning_curve has no rows of run '{run}'")
    return rows.sort_values(["seed", "step"])


def _draw(upper: Axes, lower: Axes, learning_curve: pd.DataFrame, run: str, *, first: bool) -> None:
    rows = _of_run(learning_curve, run)
    seeds = sorted(int(seed) for seed in learning_curve["seed"].unique())
    for index, seed in enumerate(seeds):
        curve = rows[rows["seed"] == seed]
        if curve.empty:  # a seed of another run; this one keeps its own colours
            continue
        colour, line = _look(index)
        excess = curve["excess_risk"].to_numpy(float)
        step = curve["step"].to_numpy()
        upper.plot(step, excess, color=colour, linestyle=line)
        if curve["diverged"].any():
            finite = np.flatnonzero(np.isfinite(excess))
            if finite.size:
                upper.plot(
                    [step[finite[-1]]],
                    [excess[finite[-1]]],
                    color=colour,
                    marker="x",
                    markersize=6,
                    gid="diverged",
                )
    # Seeds share one schedule; one that diverged may have stopped early.
    longest = rows[rows["seed"] == rows.sort_values("step")["seed"].iloc[-1]]
    rate = longest["learning_rate"].to_numpy(float)
    lower.plot(longest["step"], rate / rate.max(), color=MUTED)
    look = look_of("posterior_mean")
    upper.axhline(float(rows["bayes_risk"].iloc[0]), color="black", linestyle=look.line)
    upper.set_yscale("log")
    upper.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    upper.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    upper.yaxis.set_minor_formatter(NullFormatter())
    upper.set_title(run.replace("_", " "))
    upper.tick_params(labelbottom=False)
    lower.set_ylim(0, 1.08)
    lower.set_yticks([0, 1])
    lower.set_xlabel("optimisation step")
    for axes in (upper, lower):
        axes.set_xlim(0, rows["step"].max())
    if first:
        upper.set_ylabel("excess risk")
        lower.set_ylabel("rate")


def _look(index: int) -> tuple[str, LineStyle]:
    return SEED_COLOURS[index % len(SEED_COLOURS)], SEED_LINES[index % len(SEED_LINES)]


def _handles(seeds: Sequence[int], diverged: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], color=_look(i)[0], linestyle=_look(i)[1], label=f"seed {seed}")
        for i, seed in enumerate(seeds)
    ]
    look = look_of("posterior_mean")
    handles.append(Line2D([], [], color="black", linestyle=look.line, label="Bayes risk"))
    if diverged:
        handles.append(
            Line2D([], [], color="0.3", marker="x", markersize=6, linestyle="None", label="diverged")
        )
    return handles
