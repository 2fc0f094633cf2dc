"""Similarity of errors, and the solver step that each layer matches best.

Left, a heatmap of SimE(layer l, step t) against one solver, with t*(l) = argmax_t boxed and its value
beside the box. Right, t*(l) of several solvers. Both share the step axis. A best step on the last step of
the grid is censored: it is drawn as an open marker on the edge (a dashed box in the heatmap) and joined to
nothing.
"""

from collections.abc import Sequence
from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from ickrr.report.matches import best_steps, mean_floor, similarity_map
from ickrr.report.methods import SHORT, prose_name
from ickrr.report.style import LOOKS, SEQUENTIAL, letter, new_figure, stamp, style

HORIZONTAL_VALUES: Final = 13  # columns up to which "0.97" fits into one without being turned
PANEL_HEIGHT: Final = 2.35  # inches


def similarity_figure(
    similarity: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    heatmap_solver: str,
    scale: str,
) -> Figure:
    """Draw heatmap and best steps side by side, one row a run.

    Args:
        similarity: table `similarity` of the runs.
        matches: table `matches` of the runs.
        runs: runs, top to bottom.
        solvers: solvers of the right panel.
        heatmap_solver: solver of the left panel.
        scale: name of the scale.

    Raises:
        ValueError: a run or a solver is absent from the tables.
    """
    with style():
        figure = new_figure(height=0.45 + PANEL_HEIGHT * len(runs))
        grid = figure.subplots(len(runs), 2, squeeze=False, sharey="row")
        for (left, right), run in zip(grid, runs, strict=True):
            draw_heatmap(left, similarity, matches, run, heatmap_solver)
            draw_best_steps(right, similarity, matches, run, solvers)
            if len(runs) > 1:
                left.set_ylabel(f"{run.replace('_', ' ')}\nstep")
        for index, axes in enumerate(grid.flat):
            letter(axes, "abcdefghijklmnopqrstuvwxyz"[index])
        _legend(figure, solvers)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def best_steps_figure(
    similarity: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    solvers: Sequence[str],
    scale: str,
) -> Figure:
    """Draw t*(l) of several solvers, one panel a run, two a row. Arguments as for `similarity_figure`."""
    with style():
        figure, panels = _panels(len(runs))
        for index, (axes, run) in enumerate(zip(panels, runs, strict=True)):
            draw_best_steps(axes, similarity, matches, run, solvers)
            axes.set_title(run.replace("_", " "))
            if len(runs) > 1:
                letter(axes, "abcdefghijklmnopqrstuvwxyz"[index])
        _legend(figure, solvers)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def heatmap_figure(
    similarity: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    solver: str,
    scale: str,
) -> Figure:
    """Draw heatmaps against one solver, one panel a run, two a row. Arguments as for `similarity_figure`."""
    with style():
        figure, panels = _panels(len(runs))
        for index, (axes, run) in enumerate(zip(panels, runs, strict=True)):
            draw_heatmap(axes, similarity, matches, run, solver)
            axes.set_title(run.replace("_", " "))
            if len(runs) > 1:
                letter(axes, "abcdefghijklmnopqrstuvwxyz"[index])
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_similarity(
    similarity: pd.DataFrame, matches: pd.DataFrame, run: str, solvers: Sequence[str], solver: str
) -> str:
    """Say what the figure shows for one run, from the tables alone; `solver` is that of the heatmap."""
    values = similarity_map(similarity, run, solver)
    peaks = values.max(axis=0)
    inner = peaks[peaks.index > 0]
    steps = {name: best_steps(matches, run, name) for name in solvers}
    shares = ", ".join(
        f"{prose_name(name)} {int(found.censored[found.layer > 0].sum())}" for name, found in steps.items()
    )
    main = steps.get(solver, best_steps(matches, run, solver))
    last = "censored" if main.censored[-1] else f"{main.step[-1]:.3g}"
    return (
        f"Run `{run}`: the peak similarity to {prose_name(solver)} goes from {inner.iloc[0]:.3f} at layer 1 "
        f"to {inner.iloc[-1]:.3f} at layer {inner.index[-1]}, over a floor of "
        f"{mean_floor(matches, run, solver):.3f}. "
        f"Its best step goes from {main.step[main.layer == 1][0]:.3g} at layer 1 to {last} at the last. "
        f"Censored layers of 1..{inner.index[-1]}: {shares}."
    )


def draw_heatmap(axes: Axes, similarity: pd.DataFrame, matches: pd.DataFrame, run: str, solver: str) -> None:
    """Draw SimE of every layer and step against one solver, with its colour bar, into one panel."""
    values = similarity_map(similarity, run, solver)
    floor = mean_floor(matches, run, solver)
    layers, steps = values.columns.to_numpy(), values.index.to_numpy()
    colours = mpl.colormaps[SEQUENTIAL].with_extremes(bad="0.85")
    bottom = min(floor, float(np.nanmin(values.to_numpy())))
    mesh = axes.pcolormesh(
        layers, steps, values.to_numpy(), cmap=colours, vmin=bottom, vmax=1.0, shading="nearest"
    )
    mesh.set_rasterized(True)
    axes.grid(visible=False)
    tall = max(1.0, 0.035 * (steps[-1] - steps[0]))  # a box stays visible on a fine grid
    for layer in layers:
        column = values[layer]
        if column.isna().all():
            continue
        best = int(column.idxmax())  # the first maximum, as in the table
        shade = mesh.cmap(mesh.norm(column[best]))
        ink = "black" if np.dot(shade[:3], (0.2126, 0.7152, 0.0722)) > 0.35 else "white"
        axes.add_patch(
            Rectangle(
                (layer - 0.5, best - tall / 2),
                1,
                tall,
                fill=False,
                edgecolor=ink,
                linewidth=0.8,
                linestyle=(0, (2, 1)) if best == steps[-1] else "-",
            )
        )
        below = best > steps[0] + 0.6 * (steps[-1] - steps[0])
        axes.annotate(
            f"{column[best]:.2f}",
            (layer, best - tall / 2 if below else best + tall / 2),
            xytext=(0, -1.5 if below else 1.5),
            textcoords="offset points",
            ha="center",
            va="top" if below else "bottom",
            fontsize=6 if len(layers) <= HORIZONTAL_VALUES else 5,
            rotation=0 if len(layers) <= HORIZONTAL_VALUES else 90,
            color="black",
            # The value stands on whatever colour its neighbours have.
            path_effects=[Stroke(linewidth=1.2, foreground="white"), Normal()],
        ).set_in_layout(False)
    axes.set_xticks(_ticks(layers))
    axes.set_title(SHORT[solver])
    axes.set_xlabel("layer")
    axes.set_ylabel("step")
    assert axes.figure is not None
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, aspect=26)
    bar.ax.set_title("SimE", fontsize=7, loc="left")
    bar.outline.set_linewidth(0.4)
    bar.ax.axhline(floor, color="white", linewidth=1.2)
    clear = 0.06 * (1 - bottom)  # ticks that would be printed over the floor's are left out
    kept = [tick for tick in bar.get_ticks() if bottom <= tick <= 1 and abs(tick - floor) > clear]
    bar.set_ticks([floor, *kept], labels=[f"floor {floor:.2f}", *(f"{tick:g}" for tick in kept)])


def draw_best_steps(
    axes: Axes,
    similarity: pd.DataFrame,
    matches: pd.DataFrame,
    run: str,
    solvers: Sequence[str],
) -> None:
    """Draw t*(l) of several solvers into one panel, with bootstrap intervals."""
    last_step = float(similarity.loc[similarity["run"] == run, "step"].max())
    offsets = np.linspace(-0.24, 0.24, len(solvers)) if len(solvers) > 1 else np.zeros(1)
    layers = np.array([])
    for offset, solver in zip(offsets, solvers, strict=True):
        found = best_steps(matches, run, solver)
        look = LOOKS[solver]
        layers = found.layer
        known = ~found.censored
        joined = np.where(known, found.step, np.nan)
        axes.plot(
            found.layer + offset,
            joined,
            color=look.colour,
            marker=look.marker,
            linestyle=look.line,
            zorder=3,
        )
        axes.vlines(
            (found.layer + offset)[known],
            found.low[known],
            found.high[known],
            color=look.colour,
            linewidth=0.8,
            zorder=2,
        )
        if found.censored.any():  # an empty unclipped line has an infinite extent, which breaks the layout
            axes.plot(
                (found.layer + offset)[~known],
                np.full((~known).sum(), last_step),
                color=look.colour,
                marker=look.marker,
                linestyle="None",
                markerfacecolor="white",
                clip_on=False,
                zorder=4,
                gid="censored",
            )
    axes.set_xticks(_ticks(layers))
    axes.set_xlim(layers[0] - 0.5, layers[-1] + 0.5)
    axes.set_ylim(-0.015 * last_step, last_step + 0.5)
    axes.set_xlabel("layer")
    axes.set_ylabel("step")
    axes.tick_params(labelleft=True)
    axes.set_title("Best-matching step")


def _legend(figure: Figure, solvers: Sequence[str]) -> None:
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line, label=SHORT[solver])
        for solver, look in ((solver, LOOKS[solver]) for solver in solvers)
    ]
    if any(line.get_gid() == "censored" for axes in figure.axes for line in axes.lines):
        label = "edge of grid (censored)"
        handles.append(
            Line2D([], [], color="0.3", marker="o", markerfacecolor="white", linestyle="None", label=label)
        )
    # Above the panels: inside, there is no corner that best steps never reach.
    figure.legend(handles=handles, loc="outside upper center", ncols=5)


def _ticks(layers: np.ndarray) -> np.ndarray:
    return layers if len(layers) <= HORIZONTAL_VALUES else layers[::4]


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = min(count, 2)
    rows = -(-count // columns)
    figure = new_figure(height=0.45 + PANEL_HEIGHT * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for unused in grid.flat[count:]:
        unused.set_visible(False)
    return figure, list(grid.flat[:count])
