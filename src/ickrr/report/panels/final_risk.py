"""Final excess risk of several runs in one panel: a marker for each seed, a bar at their mean.

A seed that diverged has no final risk: its last finite value is a cross, and its run has no mean.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from ickrr.report.style import Look


class FinalRisk(NamedTuple):
    """What the learning curves of one run end in, one entry for each seed.

    Attributes:
        seed: seeds, (S,).
        excess_risk: last finite excess risk, (S,); NaN where there is none at all.
        diverged: whether the seed diverged, (S,).
        bayes_risk: Bayes risk of the task.
    """

    seed: np.ndarray
    excess_risk: np.ndarray
    diverged: np.ndarray
    bayes_risk: float

    @property
    def mean(self) -> float:
        """Mean over seeds; NaN when one diverged, since leaving it out would make the run look better."""
        return float("nan") if self.diverged.any() else float(self.excess_risk.mean())


def final_risk(learning_curve: pd.DataFrame, run: str) -> FinalRisk:
    """Collect what the learning curves of a run end in.

    Raises:
        ValueError: the table has no such run.
    """
    rows = learning_curve[learning_curve["run"] == run].sort_values(["seed", "step"])
    if rows.empty:
        raise ValueError(f"table learning_curve has no rows of run '{run}'")
    finite = rows["excess_risk"].where(np.isfinite(rows["excess_risk"]))
    by_seed = finite.groupby(rows["seed"]).last()  # the last that is not NaN
    return FinalRisk(
        by_seed.index.to_numpy(),
        by_seed.to_numpy(float),
        rows.groupby("seed")["diverged"].any().to_numpy(bool),
        float(rows["bayes_risk"].iloc[0]),
    )


def draw_final_risks(axes: Axes, risks: Sequence[FinalRisk], looks: Sequence[Look]) -> None:
    """Draw the final risks of several runs at 0, 1, 2, .. of the horizontal axis."""
    for at, (risk, look) in enumerate(zip(risks, looks, strict=True)):
        spread = np.linspace(-0.12, 0.12, risk.seed.size) if risk.seed.size > 1 else np.zeros(1)
        for kept, marker, gid in ((~risk.diverged, look.marker, "seed"), (risk.diverged, "x", "diverged")):
            if kept.any():
                axes.plot(
                    at + spread[kept],
                    risk.excess_risk[kept],
                    color=look.colour,
                    marker=marker,
                    markersize=3.2,
                    markerfacecolor="white",
                    linestyle="None",
                    zorder=3,
                    gid=gid,
                )
        if np.isfinite(risk.mean):
            axes.hlines(risk.mean, at - 0.28, at + 0.28, color=look.colour, linewidth=1.4, zorder=2)
    axes.set_xlim(-0.6, len(risks) - 0.4)
    axes.set_xticks(range(len(risks)))
    axes.grid(visible=False, axis="x")
    axes.set_ylabel("excess risk")


def diverged_handle(panels: Sequence[Axes]) -> list[Line2D]:
    """Return the legend entry of diverged seeds, if the panels show any."""
    if not any(line.get_gid() == "diverged" for axes in panels for line in axes.lines):
        return []
    return [Line2D([], [], color="0.3", marker="x", linestyle="None", label="diverged")]


def say_final_risk(risk: FinalRisk) -> str:
    """Say in words what the runs end in."""
    share = 100 * risk.mean / risk.bayes_risk
    lost = int(risk.diverged.sum())
    if lost:
        return f"{lost} of {risk.seed.size} seeds diverged"
    return f"final excess risk {risk.mean:.3g} ({share:.2g} % of the Bayes risk)"
