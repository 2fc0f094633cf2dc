"""Axes that several kinds of panel share: ticks of layers, errors on a logarithmic axis, letters."""

from collections.abc import Iterable
from string import ascii_lowercase
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter, NullLocator

from ickrr.report.style import letter

# Up to here every layer has a tick.
MANY_LAYERS: Final = 13


def layer_ticks(layers: np.ndarray) -> np.ndarray:
    """Return the layers that get a tick: all, or every fourth of many."""
    return layers if len(layers) <= MANY_LAYERS else layers[::4]


def label_layers(axes: Axes, last: int) -> None:
    """Give the horizontal axis the layers 1..L and, as `last` = L + 1, the model's own readout."""
    ticks = layer_ticks(np.arange(1, last))
    axes.set_xticks([*ticks, last], labels=[*map(str, ticks), "out"])


def logarithmic(axes: Axes) -> None:
    """Give the vertical axis a logarithmic scale with plain numbers at 1, 2 and 5 times powers of ten.

    Less than a decade gets more of them, so that no axis is left with one. To be called after the drawing.
    """
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high > 10 * low else (1, 1.5, 2, 3, 4, 5, 7)))
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def steps_by_doubling(axes: Axes) -> None:
    """Give the horizontal axis of solver steps a logarithmic scale from step 1 on."""
    axes.set_xscale("log", base=2)
    last = axes.dataLim.x1
    axes.set_xlim(1, max(2, last))
    axes.set_xticks(4.0 ** np.arange(1 + np.log(max(1, last)) / np.log(4) // 1))
    axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("step")


def letters(panels: Iterable[Axes]) -> None:
    """Put (a), (b), .. before the titles of the panels; (aa), (ab), .. after (z)."""
    for index, axes in enumerate(panels):
        beyond, place = divmod(index, len(ascii_lowercase))
        letter(axes, (ascii_lowercase[beyond - 1] if beyond else "") + ascii_lowercase[place])
