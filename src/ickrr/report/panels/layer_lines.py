"""One quantity against the layer, several runs in one panel: the mean over seeds, their range as a band."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from ickrr.report.panels.axes import MANY_LAYERS
from ickrr.report.style import Look


def draw_layer_line(
    axes: Axes, rows: pd.DataFrame, value: str, look: Look, *, layer: str = "layer", first: int = 0
) -> None:
    """Draw one run's line.

    Args:
        axes: the panel.
        rows: one row for each seed and layer.
        value: column of the quantity; NaN in one seed makes the mean NaN, so that the line breaks there.
        look: of the line.
        layer: column of the layer.
        first: first layer to draw.

    Raises:
        ValueError: there are no rows.
    """
    if rows.empty:
        raise ValueError(f"there are no rows of '{value}' to draw")
    wide = rows.pivot(index=layer, columns="seed", values=value).sort_index()
    wide = wide[wide.index >= first]
    layers = wide.index.to_numpy()
    values = wide.to_numpy(float)  # (layers, seeds)
    axes.plot(
        layers,
        values.mean(axis=1),
        color=look.colour,
        marker=look.marker,
        markersize=2.4 if len(layers) <= MANY_LAYERS else 1.8,
        linestyle=look.line,
        linewidth=1.0,
        zorder=3,
    )
    axes.fill_between(
        layers, values.min(axis=1), values.max(axis=1), color=look.colour, alpha=0.2, linewidth=0
    )
    axes.set_xlabel("layer")
    axes.xaxis.set_major_locator(MaxNLocator(9, integer=True, steps=[1, 2, 4, 5, 10]))
