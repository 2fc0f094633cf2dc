"""Heatmap of SimE(layer l, step t) against one solver, with t*(l) = argmax_t boxed, its value beside it.

A box on the last step of the grid, a censored best step, is dashed. The floor, SimE to the zero predictor,
is a line on the colour bar. Colours are even in -log(1 - SimE): peaks of a trained model differ in the third
digit, which an even scale of SimE would not show.
"""

from typing import Final

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import FuncNorm
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from ickrr.report.matches import mean_floor, similarity_map
from ickrr.report.panels.axes import layer_ticks
from ickrr.report.style import SEQUENTIAL

HORIZONTAL_VALUES: Final = 9  # columns up to which "0.987" fits into one without being turned
RESOLUTION: Final = 1e-3  # 1 - SimE below which colours no longer tell values apart
CLEAR: Final = 0.06  # of the colour bar, between the floor and another tick
TICKS: Final = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)


def draw_heatmap(axes: Axes, similarity: pd.DataFrame, matches: pd.DataFrame, run: str, solver: str) -> None:
    """Draw SimE of every layer and step against one solver, with its colour bar, into one panel."""
    values = similarity_map(similarity, run, solver)
    floor = mean_floor(matches, run, solver)
    layers, steps = values.columns.to_numpy(), values.index.to_numpy()
    colours = mpl.colormaps[SEQUENTIAL].with_extremes(bad="0.85")
    bottom = min(floor, float(np.nanmin(values.to_numpy())))
    # Layer 0, the embedding, says nothing yet, and neither does the zero predictor: its 1 needs no colour.
    highest = float(np.nanmax(values.drop(columns=0).to_numpy()))
    mesh = axes.pcolormesh(
        layers, steps, values.to_numpy(), cmap=colours, norm=_norm(bottom, highest), shading="nearest"
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
            f"{column[best]:.3f}",
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
    axes.set_xticks(layer_ticks(layers))
    axes.set_xlabel("layer")
    axes.set_ylabel("step")
    assert axes.figure is not None
    bar = axes.figure.colorbar(mesh, ax=axes, pad=0.02, aspect=26, extend="max", extendfrac=0.03)
    bar.ax.set_title("SimE", fontsize=7, loc="left")
    bar.outline.set_linewidth(0.4)
    bar.ax.axhline(floor, color="white", linewidth=1.2)
    # Ticks that would be printed over the floor's are left out.
    place = dict(zip((floor, *TICKS), np.asarray(mesh.norm(np.array([floor, *TICKS]))), strict=True))
    kept = [t for t in TICKS if bottom <= t <= highest and abs(place[t] - place[floor]) > CLEAR]
    bar.set_ticks([floor, *kept], labels=[f"floor {floor:.2f}", *(f"{tick:g}" for tick in kept)])
    bar.minorticks_off()


def _norm(bottom: float, highest: float) -> FuncNorm:
    """Return colours that are even in -log(1 - SimE), from the lowest value shown to the highest."""
    return FuncNorm(
        (
            lambda similarity: -np.log(1 + RESOLUTION - np.minimum(similarity, 1.0)),
            lambda level: 1 + RESOLUTION - np.exp(-level),
        ),
        vmin=min(bottom, highest - 1e-6),  # a map of one value still has two ends
        vmax=highest,
    )
