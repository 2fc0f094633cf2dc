"""Heatmap of SimE(layer l, step t) against one solver, with t*(l) = argmax_t boxed, its value beside it.

A box on the last step of the grid, a censored best step, is dashed. The floor, SimE to the zero predictor,
is a line on the colour bar.
"""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from ickrr.report.matches import mean_floor, similarity_map
from ickrr.report.panels.axes import MANY_LAYERS, layer_ticks
from ickrr.report.style import SEQUENTIAL


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
            fontsize=6 if len(layers) <= MANY_LAYERS else 5,
            rotation=0 if len(layers) <= MANY_LAYERS else 90,
            color="black",
            # The value stands on whatever colour its neighbours have.
            path_effects=[Stroke(linewidth=1.2, foreground="white"), Normal()],
        ).set_in_layout(False)
    axes.set_xticks(layer_ticks(layers))

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
