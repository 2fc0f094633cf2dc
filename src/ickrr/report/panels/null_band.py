"""How near nulls, predictors that do not iterate, come to each layer: one grey band over all of them."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

GREY: Final = "0.82"


def null_values(matches: pd.DataFrame, run: str, nulls: Sequence[str], value: str) -> pd.DataFrame:
    """Return a column of the matches of nulls, mean over seeds: rows are layers 1..L, columns nulls.

    Args:
        matches: table `matches`.
        run: name of the run.
        nulls: their names.
        value: `similarity`, at the best position, or `distance`, at the nearest one.

    Raises:
        ValueError: the table has no rows of the run and a null.
    """
    rows = matches[(matches["run"] == run) & matches["solver"].isin(list(nulls)) & (matches["layer"] > 0)]
    if absent := [null for null in nulls if null not in set(rows["solver"])]:
        raise ValueError(f"table matches has no rows of run '{run}' and null '{absent[0]}'")
    return rows.groupby(["layer", "solver"])[value].mean().unstack("solver")


def draw_null_band(axes: Axes, values: pd.DataFrame) -> None:
    """Draw the band from the least to the largest value over nulls; nothing without nulls.

    Args:
        axes: the panel.
        values: rows are layers, columns nulls.
    """
    if values.empty:
        return
    axes.fill_between(
        values.index, values.min(axis=1), values.max(axis=1), color=GREY, linewidth=0, zorder=0.5, gid="nulls"
    )


def null_handle(panels: Sequence[Axes], label: str = "nulls") -> list[Patch]:
    """Return the legend entry of the band, if the panels show one."""
    drawn = any(band.get_gid() == "nulls" for axes in panels for band in axes.collections)
    return [Patch(facecolor=GREY, label=label)] if drawn else []
