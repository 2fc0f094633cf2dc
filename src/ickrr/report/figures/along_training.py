"""When algorithms appear in training: excess risk, distances of families, what two of them add.

All against the optimisation step, which is logarithmic. Distances and coefficients are means over the layers
that count and the seeds; bars are intervals over seeds and prompts.
"""

from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.report.panels.axes import letters, logarithmic
from ickrr.report.panels.families import LOOKS
from ickrr.report.studies import nearest_families
from ickrr.report.style import MUTED, new_figure, stamp, style
from ickrr.row_keys import NO_SEED, WHOLE_MODEL

FAMILIES: Final = ("PR", "R", "CG", "ridge", "smoother")
"""Those whose distance is drawn."""
ADDED: Final[tuple[tuple[str, str], ...]] = (("R", "PR"), ("PR", "R"))
"""Family, and the one that is added to it."""


def along_training_figure(
    learning_curve: pd.DataFrame, attribution: pd.DataFrame, encompassing: pd.DataFrame, run: str, scale: str
) -> Figure:
    """Draw the way of a run through its training.

    Args:
        learning_curve: table `learning_curve` of the run.
        attribution: table `snapshot_attribution` of the run.
        encompassing: table `snapshot_encompassing` of the run.
        run: the run.
        scale: name of the scale.

    Raises:
        ValueError: the run is absent from a table.
    """
    tables = {"learning_curve": learning_curve, "snapshot_attribution": attribution}
    for name, table in (tables | {"snapshot_encompassing": encompassing}).items():
        if run not in set(table["run"]):
            raise ValueError(f"table {name} has no rows of run '{run}'")
    steps = sorted(attribution["step"].unique())
    with style():
        figure = new_figure(height=2.4)
        panels = figure.subplots(1, 3)
        _risk(panels[0], learning_curve)
        _distances(panels[1], attribution)
        _coefficients(panels[2], encompassing)
        for axes in panels:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1,)))
            axes.xaxis.set_major_formatter(FormatStrFormatter("%g"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_xlim(max(1, 0.8 * steps[0]), 1.25 * steps[-1])
            axes.set_xlabel("optimisation step")
        letters(panels)
        figure.legend(*panels[1].get_legend_handles_labels(), loc="outside upper center", ncols=len(FAMILIES))
        stamp(figure, scale, learning_curve[learning_curve["run"] == run])
    return figure


def describe_along_training(attribution: pd.DataFrame, encompassing: pd.DataFrame, run: str) -> str:
    """Say for one run which family is nearest at each step, and what the two Richardsons add at the last."""
    nearest = nearest_families(attribution)
    found = ", ".join(f"{FAMILY_WORDS[family]} after {step}" for step, family in nearest.items())
    means = _means(encompassing)
    last = means[means["step"] == means["step"].max()].set_index(["family", "other"])["coefficient"]
    return (
        f"Run `{run}`: the nearest family is {found} steps. At the end preconditioned Richardson adds "
        f"{last['R', 'PR']:.2f} to Richardson, and Richardson {last['PR', 'R']:.2f} to it."
    )


def _risk(axes: Axes, learning_curve: pd.DataFrame) -> None:
    for _, curve in learning_curve.groupby("seed"):
        axes.plot(curve["step"], curve["excess_risk"], color=MUTED, linewidth=0.9, gid="seed")
    axes.axhline(float(learning_curve["bayes_risk"].iloc[0]), color="black", linestyle=":", linewidth=0.9)
    logarithmic(axes)
    axes.set_title("excess risk of the model")


def _distances(axes: Axes, attribution: pd.DataFrame) -> None:
    distances = _mean_distances(attribution)
    for family in FAMILIES:
        look = LOOKS[family]
        axes.plot(
            distances.index,
            distances[family],
            color=look.colour,
            marker=look.marker,
            markersize=3,
            label=FAMILY_WORDS[family],
            gid=family,
        )
    logarithmic(axes)
    axes.set_title("distance of the layers")


def _coefficients(axes: Axes, encompassing: pd.DataFrame) -> None:
    means = _means(encompassing)
    for level in (0, 1):
        axes.axhline(level, color="black", linewidth=0.6, zorder=1)
    for family, other in ADDED:
        rows = means[(means["family"] == family) & (means["other"] == other)]
        look = LOOKS[other]
        axes.vlines(rows["step"], rows["low"], rows["high"], color=look.colour, linewidth=0.9)
        axes.plot(
            rows["step"],
            rows["coefficient"],
            color=look.colour,
            marker=look.marker,
            markersize=3,
            label=f"{other} to {family}",
            gid=f"{other} to {family}",
        )
    axes.set_title("what is added")
    axes.legend(fontsize=6)


def _mean_distances(attribution: pd.DataFrame) -> pd.DataFrame:
    """Return the mean distance by step (rows) and family (columns), over counted layers and seeds."""
    counted = attribution[attribution["counted"].astype(bool)]
    return counted.groupby(["step", "family"])["distance"].mean().unstack()[list(FAMILIES)]


def _means(encompassing: pd.DataFrame) -> pd.DataFrame:
    whole = (encompassing["seed"] == NO_SEED) & (encompassing["layer"] == WHOLE_MODEL)
    return encompassing[whole].sort_values("step")
