"""Learning curves and best steps of a run on both sides, as a picture inside an HTML page."""

from io import StringIO
from typing import Final

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ickrr.differences.sides import Side
from ickrr.report.methods import short_name
from ickrr.report.style import style

SIDES: Final = (("A", "#004488", "-"), ("B", "#BB3344", "--"))


def picture(first: Side, second: Side, run: str) -> str:
    """Return SVG: excess risk against step, one line a training; and the best step of each layer.

    Args:
        first: one side.
        second: the other.
        run: a run of both.
    """
    with style(), mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": run}):
        figure = Figure(figsize=(6.3, 2.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        for side, (name, colour, line) in zip((first, second), SIDES, strict=True):
            curve, matches = side.table(run, "learning_curve"), side.table(run, "matches")
            if curve is not None:
                _curves(left, curve, name, colour, line)
            if matches is not None:
                _steps(right, matches, name, colour, line)
        left.set(xlabel="step", ylabel="excess risk", yscale="log")
        left.legend()
        right.set(xlabel="layer", ylabel="best step")
        drawn = StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
    return drawn.getvalue()[drawn.getvalue().index("<svg") :]


def _curves(axes: Axes, curve: pd.DataFrame, name: str, colour: str, line: str) -> None:
    for index, (_, rows) in enumerate(curve.groupby("seed")):
        label = name if index == 0 else None
        axes.plot(rows["step"], rows["excess_risk"], color=colour, linestyle=line, label=label)


def _steps(axes: Axes, matches: pd.DataFrame, name: str, colour: str, line: str) -> None:
    """Best steps of the solver that the tables list first; a censored one is left out."""
    solver = matches["solver"].iloc[0]
    rows = matches[(matches["solver"] == solver) & (matches["layer"] > 0)]
    for _, layers in rows.groupby("seed"):
        steps = layers["best_step"].where(~layers["censored"])
        axes.plot(layers["layer"], steps, color=colour, linestyle=line, marker="o", label=name)
    axes.set_title(short_name(str(solver)))
