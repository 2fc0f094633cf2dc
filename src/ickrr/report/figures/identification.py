"""Which family of algorithms the layers follow: distances, what families add to each other, verdicts.

One column for each run. Above, the relative distance of each layer from the nearest member of some families,
mean over seeds; in the middle the encompassing coefficients of a few pairs, with intervals over seeds and
prompts and the margin within which nothing is added; below, what each layer of each seed is named.
"""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.report.panels.axes import layer_ticks, letters, logarithmic
from ickrr.report.style import Look, new_figure, stamp, style

LOOKS: Final[dict[str, Look]] = {
    "PR": Look("#BB3344", "s", "-"),
    "PR closed": Look("#E08A96", "P", ":"),
    "R": Look("#004488", "o", "--"),
    "R shared": Look("#6C9BD2", "X", ":"),
    "Newton": Look("#E9B949", "D", "-."),
    "CG": Look("#2A9D8F", "^", "-."),
    "PCG": Look("#8CCFC6", "v", ":"),
    "ridge": Look("#777777", "v", (0, (4, 1, 1, 1))),
    "smoother": Look("#000000", "D", ":"),
}
SHOWN: Final = ("PR", "R", "CG", "ridge", "smoother")
PAIRS: Final = (("R", "PR"), ("PR", "R"), ("ridge", "PR"), ("PR", "ridge"))
"""(family, other): what the second adds to the first."""

PAIR_LOOKS: Final = (
    Look("#BB3344", "s", "-"),
    Look("#004488", "o", "--"),
    Look("#E08A96", "D", "-."),
    Look("#777777", "v", ":"),
)
UNNAMED: Final = {"none": "0.75", "undecided": "white"}
LIMITS: Final = (-1.6, 1.6)
"""Of the coefficients: a value beyond them says no more than that it is not 0."""


def identification_figure(
    attribution: pd.DataFrame, encompassing: pd.DataFrame, runs: Sequence[str], margin: float, scale: str
) -> Figure:
    """Draw distances, coefficients and verdicts, one column for each run.

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
        figure = new_figure(height=5.6)
        grid = figure.subplots(
            3, len(runs), squeeze=False, sharex="col", sharey="row", height_ratios=(1.1, 1.5, 0.9)
        )
        for column, run in zip(grid.T, runs, strict=True):
            found = attribution[attribution["run"] == run]
            if found.empty:
                raise ValueError(f"table attribution has no rows of run '{run}'")
            _distances(column[0], found)
            _coefficients(column[1], encompassing[encompassing["run"] == run], margin)
            _verdicts(column[2], found)
            column[0].set_title(run.replace("_", " "))
        for axes, label in zip(grid[:, 0], ("distance", "coefficient", "training"), strict=True):
            axes.set_ylabel(label)
        letters(grid[0])
        named = [name for name in LOOKS if (attribution["named"] == name).any()]
        figure.legend(handles=_handles(named), loc="outside upper center", ncols=5)
        stamp(figure, scale, attribution)
    return figure


def describe_identification(attribution: pd.DataFrame, run: str) -> str:
    """Say for one run how often its counted layers are named what."""
    rows = attribution[(attribution["run"] == run) & attribution["counted"].astype(bool)]
    each = rows.drop_duplicates(["seed", "layer"])
    counts = ", ".join(f"{name} {count}" for name, count in each["named"].value_counts().items())
    return f"Run `{run}`: of {len(each)} layers that count: {counts}."


def _distances(axes: Axes, found: pd.DataFrame) -> None:
    for family in SHOWN:
        mean = found[found["family"] == family].groupby("layer")["distance"].mean()
        look = LOOKS[family]
        axes.plot(
            mean.index, mean, color=look.colour, marker=look.marker, linestyle=look.line, markersize=2.4
        )
    logarithmic(axes)


def _coefficients(axes: Axes, found: pd.DataFrame, margin: float) -> None:
    means = found[(found["seed"] < 0) & (found["layer"] > 0)]
    axes.axhspan(-margin, margin, color="0.9", linewidth=0, zorder=0)
    for level in (0, 1):
        axes.axhline(level, color="black", linewidth=0.6, zorder=1)
    offsets = np.linspace(-0.24, 0.24, len(PAIRS))
    for (family, other), look, offset in zip(PAIRS, PAIR_LOOKS, offsets, strict=True):
        rows = means[(means["family"] == family) & (means["other"] == other)].sort_values("layer")
        at = rows["layer"].to_numpy(float) + offset
        value, low, high = np.clip(rows[["coefficient", "low", "high"]].to_numpy(float).T, *LIMITS)
        axes.vlines(at, low, high, color=look.colour, linewidth=0.8, zorder=2)
        axes.plot(
            at, value, color=look.colour, marker=look.marker, markersize=2.6, linestyle="None", zorder=3
        )
    axes.set_ylim(LIMITS)


def _verdicts(axes: Axes, found: pd.DataFrame) -> None:
    """Draw a square for each layer and training, in the colour of what it is named."""
    named = found.drop_duplicates(["seed", "layer"]).pivot(index="seed", columns="layer", values="named")
    for (row, seed), layer in product(enumerate(named.index), named.columns):
        name = named.loc[seed, layer]
        colour = UNNAMED.get(name) or LOOKS[name].colour
        axes.scatter(
            layer, row, s=34, marker="s", facecolor=colour, edgecolor="0.5", linewidth=0.5, zorder=3, gid=name
        )
    axes.set_yticks(range(len(named.index)), labels=[f"seed {seed}" for seed in named.index])
    axes.set_ylim(len(named.index) - 0.4, -0.6)
    axes.grid(visible=False)
    layers = named.columns.to_numpy()
    ticks = layer_ticks(layers[:-1])
    axes.set_xticks([*ticks, layers[-1]], labels=[*map(str, ticks), "out"])
    axes.set_xlim(layers[0] - 0.6, layers[-1] + 0.6)
    axes.set_xlabel("layer")


def _handles(named: Sequence[str]) -> list[Line2D | Patch]:
    lines = [
        Line2D([], [], color=look.colour, marker=look.marker, linestyle=look.line, label=FAMILY_WORDS[name])
        for name, look in LOOKS.items()
        if name in SHOWN
    ]
    pairs = [
        Line2D(
            [], [], color=look.colour, marker=look.marker, linestyle="None", label=f"{other} beside {family}"
        )
        for (family, other), look in zip(PAIRS, PAIR_LOOKS, strict=True)
    ]
    patches = [Patch(facecolor=LOOKS[name].colour, label=f"named {name}") for name in named]
    rest = [
        Patch(facecolor=colour, edgecolor="0.5", linewidth=0.5, label=name)
        for name, colour in UNNAMED.items()
    ]
    return [*lines, *pairs, *patches, *rest]
