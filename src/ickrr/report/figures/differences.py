"""Which solver fits best: paired differences between one solver and each other, layer by layer.

For every layer l, how much smaller the smallest distance to the main solver is than that to the other,
d_other(l) - d_main(l): above zero the main solver is the better match. Bars are bootstrap intervals over
prompts and seeds of the paired difference; an interval that excludes zero has a filled marker. The last
column, behind the line, is the mean over the layers that count. The axis is linear around zero and
logarithmic beyond, since differences shrink as the layers converge. The grey band is the same difference to
predictors that do not iterate, each at its nearest position, from the least to the largest over them.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, SymmetricalLogLocator

from ickrr.report.methods import prose_name, short_name
from ickrr.report.panels.axes import layer_ticks, letters
from ickrr.report.panels.null_band import draw_null_band, null_handle, null_values
from ickrr.report.style import look_of, new_figure, stamp, style

RUNS_A_ROW: Final = 3
LINEAR: Final = 1e-3  # half-width of the linear part of the axis


def differences_figure(
    pairs: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    main: str,
    nulls: Sequence[str],
    scale: str,
) -> Figure:
    """Draw the paired differences, one panel for each run.

    Args:
        pairs: table `pairs` of the runs.
        matches: table `matches` of the runs, for nulls and the number of seeds.
        runs: runs, three a row.
        solvers: the headline solvers.
        main: solver that the others are compared with.
        nulls: predictors that do not iterate, one band for all of them.
        scale: name of the scale.

    Raises:
        ValueError: a run or a pair is absent from the table.
    """
    others = [solver for solver in solvers if solver != main]
    with style():
        rows = -(-len(runs) // RUNS_A_ROW)
        figure = new_figure(height=0.5 + 1.25 * rows)
        grid = figure.subplots(rows, min(len(runs), RUNS_A_ROW), squeeze=False, sharey=True)
        panels: list[Axes] = list(grid.flat[: len(runs)])
        for unused in grid.flat[len(runs) :]:
            unused.set_visible(False)
        for axes, run in zip(panels, runs, strict=True):
            _draw(axes, pairs, run, main, others)
            draw_null_band(axes, null_advantages(matches, run, main, nulls))
            axes.set_title(run.replace("_", " "))
        for axes in grid[:, 0]:
            axes.set_ylabel("nearer by")
        for axes in grid[-1]:
            axes.set_xlabel("layer")
        # One axis, so that runs can be compared.
        limits = np.array([axes.dataLim.intervaly for axes in panels])
        panels[0].set_ylim(1.6 * min(limits.min(), -LINEAR), 1.6 * max(limits.max(), LINEAR))
        letters(panels)
        handles: list[Artist] = [
            Line2D(
                [],
                [],
                color=look_of(solver).colour,
                marker=look_of(solver).marker,
                linestyle=look_of(solver).line,
                label=f"against {short_name(solver)}",
            )
            for solver in others
        ]
        handles.append(
            Line2D(
                [],
                [],
                color="0.3",
                marker="o",
                markerfacecolor="white",
                linestyle="None",
                label="includes zero",
            )
        )
        handles += null_handle(panels, "against nulls")
        figure.legend(handles=handles, loc="outside upper center", ncols=5)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_differences(pairs: pd.DataFrame, run: str, solvers: Sequence[str], main: str) -> str:
    """Say for one run on how many layers the main solver differs from each other one, and to which side."""
    parts = []
    for other in (solver for solver in solvers if solver != main):
        rows = advantage(pairs, run, main, other)
        inner = rows[rows["layer"] > 0]
        better, worse = int((inner["low"] > 0).sum()), int((inner["high"] < 0).sum())
        parts.append(
            f"{prose_name(other)}: nearer on {better}, farther on {worse}, undecided on "
            f"{len(inner) - better - worse}"
        )
    layers = int(pairs.loc[(pairs["run"] == run), "layer"].max())
    return (
        f"Run `{run}`: layers of 1..{layers} on which {prose_name(main)} is nearer in distance than the "
        f"other solver, by an interval that excludes zero. Against {'; '.join(parts)}."
    )


def advantage(pairs: pd.DataFrame, run: str, main: str, other: str) -> pd.DataFrame:
    """Return `layer, value, low, high` of the difference in distance, positive where `main` is nearer.

    Args:
        pairs: table `pairs`, with both orders of every pair.
        run: name of the run.
        main: one solver.
        other: the other.

    Raises:
        ValueError: the table has no such pair.
    """
    rows = pairs[
        (pairs["run"] == run)
        & (pairs["statistic"] == "distance")
        & (pairs["first"] == other)
        & (pairs["second"] == main)
    ]
    if rows.empty:
        raise ValueError(f"table pairs has no rows of run '{run}', distance of '{other}' - '{main}'")
    renamed = rows.rename(columns={"difference": "value"})[["layer", "value", "low", "high"]]
    return renamed.sort_values("layer").reset_index(drop=True)


def null_advantages(matches: pd.DataFrame, run: str, main: str, nulls: Sequence[str]) -> pd.DataFrame:
    """Return by how much a solver is nearer than each null, mean over seeds: rows are layers, columns nulls.

    Args:
        matches: table `matches`.
        run: name of the run.
        main: the solver.
        nulls: predictors that do not iterate.

    Raises:
        ValueError: the table has no rows of the run and a null.
    """
    rows = matches[(matches["run"] == run) & (matches["solver"] == main)]
    nearest = rows.groupby("layer")["distance"].mean()
    distances = null_values(matches, run, nulls, "distance")
    return distances.sub(nearest.reindex(distances.index), axis=0)


def _draw(axes: Axes, pairs: pd.DataFrame, run: str, main: str, others: Sequence[str]) -> None:
    layers = np.array([])
    for offset, other in zip(np.linspace(-0.25, 0.25, len(others)), others, strict=True):
        rows = advantage(pairs, run, main, other)
        layers = rows.loc[rows["layer"] > 0, "layer"].to_numpy()
        look = look_of(other)
        # Layer 0 of the table is the mean over layers; it stands behind the last one.
        at = rows["layer"].where(rows["layer"] > 0, layers[-1] + 1.5).to_numpy(float) + offset
        value, low, high = rows[["value", "low", "high"]].to_numpy(float).T
        decided = (low > 0) | (high < 0)
        inner = rows["layer"].to_numpy() > 0
        axes.plot(at[inner], value[inner], color=look.colour, linestyle=look.line, linewidth=0.6, zorder=2)
        axes.vlines(at, low, high, color=look.colour, linewidth=0.8, zorder=2)
        for kept, face in ((decided, look.colour), (~decided, "white")):
            if kept.any():
                axes.plot(
                    at[kept],
                    value[kept],
                    color=look.colour,
                    marker=look.marker,
                    markersize=2.6,
                    markeredgewidth=0.6,
                    markerfacecolor=face,
                    linestyle="None",
                    zorder=3,
                    gid=other,
                )
    axes.axhline(0, color="black", linewidth=0.6, zorder=1)
    axes.axvline(layers[-1] + 0.75, color="0.6", linewidth=0.5, zorder=1)
    ticks = layer_ticks(layers)
    axes.set_xticks([*ticks, layers[-1] + 1.5], labels=[*map(str, ticks), "mean"])
    axes.set_xlim(layers[0] - 0.5, layers[-1] + 2)
    axes.set_yscale("symlog", linthresh=LINEAR, linscale=0.6)
    axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=LINEAR))
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:g}".replace("-", "\N{MINUS SIGN}"))
    )
