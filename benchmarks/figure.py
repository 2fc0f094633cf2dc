"""The figure of the benchmarks: every ratio with its range, on a logarithmic axis."""

from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.figure import Figure

ROW_HEIGHT = 0.42  # inches
BOUND = "lower bound"
NOT_PEERS = ("floors", "precision")  # limits, and risks instead of times


def draw_ratios(found: dict[str, Any], path: Path) -> None:
    """Draw the ratios to peers that do the same thing; nothing is written where there is none.

    Args:
        found: `machine` and `rows`, as in results.json.
        path: PNG to write.
    """
    rows = [row for row in found["rows"] if row["ratio"] is not None and row["name"] not in NOT_PEERS][::-1]
    if not rows:
        return
    figure = Figure(figsize=(8.5, 1.2 + ROW_HEIGHT * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))
    ratio, low, high = (np.array([row[key] for row in rows]) for key in ("ratio", "ratio_low", "ratio_high"))
    bound = np.array([BOUND in row["note"] for row in rows])
    axes.hlines(places, np.minimum(low, ratio), np.maximum(high, ratio), color="0.5", linewidth=1.5)
    axes.plot(ratio[~bound], places[~bound], "o", color="C0", label="median")
    if bound.any():
        axes.plot(ratio[bound], places[bound], ">", color="C1", label="lower bound")
    axes.axvline(1, color="0.3", linewidth=0.8, linestyle="--")
    axes.set_xscale("log")
    axes.set_yticks(places, [fill(f"{row['benchmark']} | {row['peer']}", 74) for row in rows], fontsize=7)
    axes.set_xlabel("peer's time over ours (above 1: ours is faster)")
    figure.suptitle("; ".join(f"{key} {value}" for key, value in found["machine"].items()), fontsize=7)
    axes.legend(loc="lower right", fontsize=7)
    figure.savefig(path, dpi=150, metadata={"Software": None})
