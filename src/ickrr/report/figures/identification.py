"""Which family of algorithms the layers follow: what families add to each other, distances, names.

One column for each run, three rows. Above, the plane of what a rival adds to preconditioned Richardson and
what that adds to the rival, in which both algorithms have their places; in the middle, the relative distance
of each layer from the nearest member of some families; below, what each layer of each seed is named.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.report.panels.axes import label_layers, logarithmic
from ickrr.report.panels.families import LOOKS
from ickrr.report.style import new_figure, stamp, style
from ickrr.row_keys import NO_SEED

MAIN: Final = "PR"
RIVALS: Final = ("R", "ridge")
DRAWN: Final = {"PR": -0.24, "R": -0.08, "ridge": 0.08, "CG": 0.24, "smoother": 0.0}
"""Families whose distances are drawn, and how far beside their layer: markers do not hide each other."""

SIZE: Final = 2.6
"""Of a marker."""

OPEN: Final = ("PR", "ridge")
"""Families with open markers."""

UNNAMED: Final = {"none": "0.75", "undecided": "white"}
ACROSS: Final = (-1.3, 3.1)
UPWARDS: Final = (-2.6, 1.8)
"""Limits of the plane: a coefficient beyond them stands at the edge, and says only that it is far away."""

BESIDE: Final = {"R": ((-8, -3), (3, -9)), "ridge": ((2, 4), (5, 4))}
"""Where the numbers of the first and the last layer stand beside their points [points]."""

HEADINGS: Final = (
    f"(a) What {FAMILY_WORDS[MAIN]} ({MAIN}) and a rival add to each other in explaining a layer",
    "(b) Relative distance of a layer from the nearest member of a family",
    "(c) What a layer is named",
)
IN_SQUARES: Final = {
    "PR closed": f"{MAIN}, closed form",
    "R": "Richardson",
    "R shared": "Richardson, shared step",
    "smoother": "smoothing",
    "none": "no family",
    "undecided": "open",
}
"""Names of families that fit into one line, however many there are; the others have their own."""

STAR: Final[dict[str, Any]] = {
    "marker": "*",
    "markersize": 9,
    "markeredgecolor": "black",
    "markeredgewidth": 0.6,
    "linestyle": "None",
}
STARS: Final = (STAR | {"color": LOOKS[MAIN].colour}, STAR | {"color": "white"})
"""Where the main algorithm and its rival stand in the plane."""

Legend = tuple[Sequence[Any], Sequence[str]]
"""Handles and labels."""


def identification_figure(
    attribution: pd.DataFrame, encompassing: pd.DataFrame, runs: Sequence[str], margin: float, scale: str
) -> Figure:
    """Draw coefficients, distances and names, one column for each run.

    Args:
        attribution: table `attribution` of the runs.
        encompassing: table `encompassing` of the runs.
        runs: runs, in order.
        margin: what a coefficient may differ from 0 without a family being rejected.
        scale: name of the scale.

    Raises:
        ValueError: a run is absent from a table.
    """
    with style():
        figure = new_figure(height=5.4)
        places = figure.add_gridspec(6, len(runs), height_ratios=(0.27, 1.5, 0.24, 1, 0.24, 0.75))
        rows = [_row(figure, places, 2 * row + 1) for row in range(3)]
        seeds = sorted(attribution["seed"].unique())  # of all runs, which share the axis
        for *panels, run in zip(*rows, runs, strict=True):
            found = attribution[attribution["run"] == run]
            if found.empty:
                raise ValueError(f"table attribution has no rows of run '{run}'")
            _plane(panels[0], found, encompassing[encompassing["run"] == run], margin)
            _distances(panels[1], found)
            _names(panels[2], found, seeds)
            panels[0].set_title(run.replace("_", " "))
        for (first, *_), label in zip(rows, (f"{MAIN} adds", "distance", "seed"), strict=True):
            first.set_ylabel(label)
        named = [name for name in LOOKS if (attribution["named"] == name).any()]
        for row, (heading, handles) in enumerate(zip(HEADINGS, _legends(named), strict=True)):
            _head(figure.add_subplot(places[2 * row, :]), heading, handles)
        stamp(figure, scale, attribution)
    return figure


def describe_identification(attribution: pd.DataFrame, run: str) -> str:
    """Say for one run how often its counted layers are named what."""
    rows = attribution[(attribution["run"] == run) & attribution["counted"].astype(bool)]
    each = rows.drop_duplicates(["seed", "layer"])
    counts = ", ".join(f"{name} {count}" for name, count in each["named"].value_counts().items())
    return f"Run `{run}`: of {len(each)} layers that count: {counts}."


def _row(figure: Figure, places: GridSpec, row: int) -> list[Axes]:
    """Return the panels of a row of the grid, which share their vertical axis."""
    panels: list[Axes] = []
    for column in range(places.ncols):
        panels.append(figure.add_subplot(places[row, column], sharey=panels[0] if panels else None))
        panels[-1].tick_params(labelleft=column == 0)
    return panels


def _plane(axes: Axes, found: pd.DataFrame, table: pd.DataFrame, margin: float) -> None:
    """Draw the layers that count as a path, for each rival, beside the places of both algorithms."""
    axes.axvspan(-margin, margin, color="0.93", linewidth=0, zorder=0)
    axes.axhspan(-margin, margin, color="0.93", linewidth=0, zorder=0)
    axes.plot([-9, 10], [10, -9], color="0.6", linewidth=0.7, linestyle=":", zorder=1)
    means = table[table["seed"] == NO_SEED]
    counted = np.unique(found.loc[found["counted"].astype(bool), "layer"])
    for rival in RIVALS:
        x, left, right = _added(means, rival, MAIN, counted).clip(*ACROSS)
        y, low, high = _added(means, MAIN, rival, counted).clip(*UPWARDS)
        look = LOOKS[rival]
        axes.vlines(x, low, high, color=look.colour, linewidth=0.5, zorder=2)
        axes.hlines(y, left, right, color=look.colour, linewidth=0.5, zorder=2)
        axes.plot(x, y, zorder=3, gid=rival, **_line(rival), linewidth=0.8)
        for at, offset in zip((0, -1)[: len(counted)], BESIDE[rival], strict=False):
            axes.annotate(
                str(counted[at]),
                (x[at], y[at]),
                xytext=offset,
                textcoords="offset points",
                fontsize=6.5,
                color=look.colour,
                zorder=5,
            )
    for place, star in zip(((0, 1), (1, 0)), STARS, strict=True):
        axes.plot(*place, **star, zorder=4)
    axes.set(xlim=ACROSS, ylim=UPWARDS, xlabel="the rival adds", xticks=range(-1, 4), yticks=range(-2, 2))


def _added(means: pd.DataFrame, other: str, family: str, layers: np.ndarray) -> np.ndarray:
    """Return what one family adds to another at some layers: value and both ends (3, layers)."""
    rows = means[(means["family"] == family) & (means["other"] == other)].set_index("layer").loc[layers]
    ends: np.ndarray = rows[["coefficient", "low", "high"]].to_numpy(float).T
    return ends


def _distances(axes: Axes, found: pd.DataFrame) -> None:
    for family, beside in DRAWN.items():
        mean = found[found["family"] == family].groupby("layer")["distance"].mean()
        axes.plot(mean.index + beside, mean, gid=family, **_line(family), linewidth=0.7)
    logarithmic(axes)
    _layers(axes, np.unique(found["layer"]))


def _names(axes: Axes, found: pd.DataFrame, seeds: Sequence[int]) -> None:
    """Draw a square for each layer and training, with the colour and the marker of what it is named.

    Args:
        axes: the panel.
        found: table `attribution` of the run.
        seeds: of all runs that are shown, in order, one for each line of squares.
    """
    named = found.drop_duplicates(["seed", "layer"]).pivot(index="seed", columns="layer", values="named")
    for seed, layer in product(named.index, named.columns):
        for look in _square(named.loc[seed, layer]):
            axes.plot(layer, seeds.index(seed), gid=named.loc[seed, layer], linestyle="None", **look)
    axes.set_yticks(range(len(seeds)), labels=[str(seed) for seed in seeds])
    axes.set_ylim(len(seeds) - 0.4, -0.6)
    axes.grid(visible=False)
    _layers(axes, named.columns.to_numpy())
    axes.set_xlabel("layer")


def _layers(axes: Axes, layers: np.ndarray) -> None:
    """Give the horizontal axis the layers, with room for a square on both sides."""
    label_layers(axes, int(layers[-1]))
    axes.set_xlim(layers[0] - 0.6, layers[-1] + 0.6)


def _line(family: str) -> dict[str, Any]:
    """Return how a family is drawn, with a marker that is open or filled."""
    look = LOOKS[family]
    return {
        "color": look.colour,
        "marker": look.marker,
        "linestyle": look.line,
        "markersize": SIZE,
        "markerfacecolor": "white" if family in OPEN else look.colour,
    }


def _square(name: str) -> list[dict[str, Any]]:
    """Return the markers, one on the other, that stand for a name."""
    colour = UNNAMED.get(name) or LOOKS[name].colour
    square = {
        "marker": "s",
        "markersize": 6,
        "color": colour,
        "markeredgecolor": "0.5",
        "markeredgewidth": 0.5,
    }
    if name in UNNAMED:
        return [square]
    return [square, {"marker": LOOKS[name].marker, "markersize": 2.6, "color": "white", "markeredgewidth": 0}]


def _legends(named: Sequence[str]) -> tuple[Legend, Legend, Legend]:
    """Return what the legends of the three rows show."""
    plane = [
        Line2D([], [], label=f"{MAIN} itself", **STARS[0]),
        Line2D([], [], label="the rival itself", **STARS[1]),
        *(Line2D([], [], label=f"layers, rival: {FAMILY_WORDS[rival]}", **_line(rival)) for rival in RIVALS),
        Line2D([], [], color="0.6", linestyle=":", linewidth=0.7, label="mixtures of both"),
    ]
    lines = [Line2D([], [], label=FAMILY_WORDS[name], **_line(name)) for name in DRAWN]
    squares = {
        name: tuple(Line2D([], [], linestyle="None", **look) for look in _square(name))
        for name in (*named, *UNNAMED)
    }
    return (
        (plane, [str(line.get_label()) for line in plane]),
        (lines, [str(line.get_label()) for line in lines]),
        (list(squares.values()), [IN_SQUARES.get(name, name) for name in squares]),
    )


def _head(axes: Axes, heading: str, legend: Legend) -> None:
    """Write the heading of a row, with its legend on the line below."""
    axes.axis("off")
    texts = [
        axes.text(0, 1, heading, va="top", transform=axes.transAxes),
        axes.legend(
            *legend,
            loc="lower left",
            bbox_to_anchor=(0, -0.05),
            ncols=len(LOOKS) + len(UNNAMED),
            columnspacing=1.2,
            handletextpad=0.4,
            borderpad=0,
            borderaxespad=0,
        ),
    ]
    for text in texts:
        text.set_in_layout(False)  # or its width would narrow the panels
