"""What is inside the layers: heads replaced by kernels, linearity in the labels, products with the kernel.

Left, which share of what heads like a kernel do other attention restores; middle, the rotation of each layer
beside that of the nearest conjugate gradients; right, how many products with the kernel each layer needs. One
colour for each run, means over seeds, bars over prompts and seeds (docs/mechanism.md).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ickrr.report.panels.axes import label_layers, letters, logarithmic
from ickrr.report.studies import kernel_heads, needed_degrees, rotations
from ickrr.report.style import MUTED, Look, new_figure, run_looks, stamp, style

RESTORED: Final[dict[tuple[str, str], str]] = {
    ("layer", "kernel"): "kernel",
    ("layer", "permuted"): "permuted",
    ("layer", "flat"): "flat",
    ("random", "kernel"): "kernel,\nothers",
    ("rest", "kernel"): "kernel,\nall others",
}
"""(scope, replacement) of the table `restored`, and how they are called below the axis."""
LIMITS: Final = (-1.05, 1.05)
"""Of shares: below them a replacement is worse than the mean, by however much."""


def mechanism_figure(
    heads: pd.DataFrame,
    restored: pd.DataFrame,
    linearity: pd.DataFrame,
    degree: pd.DataFrame,
    runs: Sequence[str],
    scale: str,
) -> Figure:
    """Draw restored shares, rotations and needed degrees.

    Args:
        heads: table `heads` of the runs, which says how many are like a kernel.
        restored: table `restored` of the runs.
        linearity: table `linearity` of the runs.
        degree: table `degree` of the runs.
        runs: runs, one colour each.
        scale: name of the scale.

    Raises:
        ValueError: a run is absent from a table.
    """
    for name, table in (
        ("heads", heads),
        ("restored", restored),
        ("linearity", linearity),
        ("degree", degree),
    ):
        if absent := [run for run in runs if run not in set(table["run"])]:
            raise ValueError(f"table {name} has no rows of run '{absent[0]}'")
    looks = dict(zip(runs, run_looks(len(runs)), strict=True))
    with style():
        figure = new_figure(height=2.2)
        panels = figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
        _shares(panels[0], restored, looks)
        _rotations(panels[1], linearity, looks)
        _degrees(panels[2], degree, looks)
        letters(panels)
        figure.legend(handles=_handles(looks, heads), loc="outside upper center", ncols=3)
        stamp(figure, scale, linearity)
    return figure


def describe_mechanism(
    restored: pd.DataFrame, linearity: pd.DataFrame, degree: pd.DataFrame, run: str
) -> str:
    """Say for one run what its kernels restore, how linear its layers are, and what the last one needs."""
    shares = restored[restored["run"] == run].set_index(["scope", "replacement"])["value"]
    share = shares.get(("layer", "kernel"))
    kernels = (
        "no head is like a kernel" if share is None else f"kernels restore {share:.2f} in heads like one"
    )
    rotation = rotations(linearity, run, "layer").query("counted")["value"].max()
    needed = needed_degrees(degree, run)
    return (
        f"Run `{run}`: {kernels}; the largest rotation of a layer that counts is {rotation:.3f}; the last "
        f"layer needs {needed.iloc[-2]:.1f} products."
    )


def _shares(axes: Axes, restored: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    offsets = np.linspace(-0.24, 0.24, len(looks)) if len(looks) > 1 else [0.0]
    for level in (0, 1):
        axes.axhline(level, color="black", linewidth=0.6, zorder=1)
    axes.axhline(0.5, color=MUTED, linewidth=0.6, linestyle="--", zorder=1)
    for (run, look), offset in zip(looks.items(), offsets, strict=True):
        rows = restored[restored["run"] == run].set_index(["scope", "replacement"])
        rows = rows.reindex(list(RESTORED))[["value", "low", "high"]]  # NaN where a scope has no heads
        value, low, high = np.clip(rows.to_numpy(float).T, *LIMITS)
        at = np.arange(len(RESTORED)) + offset
        axes.vlines(at, low, high, color=look.colour, linewidth=0.9, zorder=2)
        axes.plot(
            at,
            value,
            color=look.colour,
            marker=look.marker,
            markersize=3,
            linestyle="None",
            zorder=3,
            gid=run,
        )
    axes.set_xticks(range(len(RESTORED)), labels=list(RESTORED.values()), fontsize=6.5)
    axes.set_ylim(LIMITS)
    axes.set_title("heads replaced")
    axes.set_ylabel("restored share")


def _rotations(axes: Axes, linearity: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    for run, look in looks.items():
        layers, beside = (rotations(linearity, run, method) for method in ("layer", "CG"))
        axes.vlines(layers.index, layers["low"], layers["high"], color=look.colour, linewidth=0.9)
        axes.plot(layers["value"], color=look.colour, marker=look.marker, markersize=3, gid=run)
        axes.plot(beside["value"], color=look.colour, linewidth=0.9, linestyle=":", gid=run)
    logarithmic(axes)
    axes.set_title("linearity")
    axes.set_ylabel("rotation")
    label_layers(axes, int(linearity["layer"].max()))
    axes.set_xlabel("layer")


def _degrees(axes: Axes, degree: pd.DataFrame, looks: Mapping[str, Look]) -> None:
    blocks = np.arange(1, int(degree["layer"].max()))
    axes.plot(blocks, blocks, color=MUTED, linewidth=0.8, linestyle="--")
    for run, look in looks.items():
        needed = needed_degrees(degree, run)
        axes.plot(
            needed.index,
            needed,
            color=look.colour,
            marker=look.marker,
            markersize=3,
            linestyle=look.line,
            gid=run,
        )
    axes.set_title("products with the kernel")
    axes.set_ylabel("needed degree")
    label_layers(axes, int(degree["layer"].max()))
    axes.set_xlabel("layer")


def _handles(looks: Mapping[str, Look], heads: pd.DataFrame) -> list[Line2D]:
    runs = []
    for run, look in looks.items():
        like, count = kernel_heads(heads, run)
        label = f"{run.replace('_', ' ')}, {like} of {count} heads"
        runs.append(Line2D([], [], color=look.colour, marker=look.marker, markersize=3, label=label))
    return [*runs, Line2D([], [], color="black", linewidth=0.9, linestyle=":", label="nearest CG (b)")]
