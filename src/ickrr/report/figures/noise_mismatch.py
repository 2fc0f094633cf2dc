"""Test noise that differs from the training noise: error over that of kernel ridge regression which knows it.

ratio = MSE(method) / MSE(KRR with ridge sigma_test^2), both against the clean f, so that 1 is the best there
is. The encoded oracle is KRR with the ridge of training, sigma_train^2: what a model would do that has learnt
task but not to notice the noise. One row of panels with all runs: some test noises by context length, and the
full sweep at n = N.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from ickrr.report.panels.axes import letters, logarithmic
from ickrr.report.style import level_colours, new_figure, stamp, style

METHODS: Final[dict[str, dict[str, Any]]] = {
    "transformer": {"label": "transformer", "marker": "o", "linestyle": "-"},
    "encoded_oracle": {
        "label": r"encoded oracle, ridge $\sigma_{\mathrm{train}}^2$",
        "marker": "s",
        "linestyle": "--",
        "markerfacecolor": "white",
    },
}
OPTIMUM: Final[dict[str, Any]] = {"color": "0.3", "linestyle": ":", "linewidth": 0.8}


def noise_mismatch_figure(
    noise: pd.DataFrame, runs: Sequence[str], snapshots: Sequence[float], scale: str
) -> Figure:
    """Draw snapshots and sweep of all runs, a colour for each.

    Args:
        noise: table `noise` of the runs.
        runs: runs, in order.
        snapshots: factors of the training noise that get a panel by context length.
        scale: name of the scale.

    Raises:
        ValueError: a run, a method or a snapshot is absent from the table.
    """
    with style():
        figure = new_figure(height=2.3)
        panels = figure.subplots(
            1, len(snapshots) + 1, sharey=True, width_ratios=[*([1.0] * len(snapshots)), 1.35]
        )
        names = _names(noise, runs)
        colours = level_colours(len(runs))
        for run, colour in zip(runs, colours, strict=True):
            table = noise[noise["run"] == run]
            for axes, factor in zip(panels, snapshots, strict=False):
                at_factor = table[np.isclose(table["factor"], factor) & (table["context_length"] > 0)]
                _draw(axes, at_factor, "context_length", colour)
            _draw(
                panels[-1], table[table["context_length"] == table["context_length"].max()], "factor", colour
            )
        for axes, factor in zip(panels, snapshots, strict=False):
            axes.set_title(rf"$\sigma_{{\mathrm{{test}}}} = {factor:g}\,\sigma_{{\mathrm{{train}}}}$")
            axes.set_xlabel("context length $n$")
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        panels[-1].set_xscale("log")
        panels[-1].xaxis.set_major_locator(LogLocator())
        panels[-1].xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        panels[-1].set_xlabel(r"$\sigma_{\mathrm{test}}/\sigma_{\mathrm{train}}$")
        panels[-1].set_title(f"sweep, $n={noise['context_length'].max()}$")
        panels[0].set_ylabel("MSE / best MSE")
        for axes in panels:
            logarithmic(axes)
            axes.axhline(1.0, **OPTIMUM, zorder=1, gid="optimal")
        letters(panels)
        handles = [
            Line2D([], [], color=colour, label=name) for name, colour in zip(names, colours, strict=True)
        ]
        handles += [Line2D([], [], color="0.3", **kind) for kind in METHODS.values()]
        handles.append(Line2D([], [], **OPTIMUM, label="KRR that knows the test noise"))
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
        stamp(figure, scale, noise[noise["run"].isin(runs)])
    return figure


def describe_noise_mismatch(noise: pd.DataFrame, run: str) -> str:
    """Say what the figure shows for one run, from the table alone."""
    table = noise[noise["run"] == run]
    n_last = int(table["context_length"].max())
    wide = _seed_mean(table[table["context_length"] == n_last], "factor")
    low, high = wide.index.min(), wide.index.max()
    parts = [
        f"at {factor:g} times the training noise {wide.loc[factor, 'transformer']:.3g} for the transformer "
        f"and {wide.loc[factor, 'encoded_oracle']:.3g} for the encoded oracle"
        for factor in (low, high)
    ]
    nearer = (np.log(wide["transformer"]) < np.log(wide["encoded_oracle"])).sum()
    sigma = training_noise(noise, run)
    return (
        f"Run `{run}` (trained at noise {sigma:g}): error over the Bayes-optimal one at n = "
        f"{n_last}: {'; '.join(parts)}. The transformer is below the encoded oracle at {nearer} of "
        f"{len(wide)} test noises."
    )


def training_noise(noise: pd.DataFrame, run: str) -> float:
    """Return the noise that a run was trained at.

    Raises:
        ValueError: the table has no such run.
    """
    rows = noise[noise["run"] == run]
    if rows.empty:
        raise ValueError(f"table noise has no rows of run '{run}'")
    return float((rows["noise_std"] / rows["factor"]).iloc[0])


def _seed_mean(rows: pd.DataFrame, over: str) -> pd.DataFrame:
    return rows.groupby([over, "method"])["ratio"].mean().unstack("method").sort_index()


def _names(noise: pd.DataFrame, runs: Sequence[str]) -> list[str]:
    """Return what tells runs apart: the noise of training, and where two had the same, their names."""
    levels = [training_noise(noise, run) for run in runs]
    return [
        rf"$\sigma_{{\mathrm{{train}}}}={sigma:g}$"
        + (f", {run.replace('_', ' ')}" if levels.count(sigma) > 1 else "")
        for run, sigma in zip(runs, levels, strict=True)
    ]


def _draw(axes: Axes, rows: pd.DataFrame, over: str, colour: tuple[float, float, float]) -> None:
    """Draw mean ratios over seeds, the band from the lowest to the highest end of the seeds' intervals."""
    for method, kind in METHODS.items():
        grouped = rows[rows["method"] == method].groupby(over)
        mean = grouped["ratio"].mean()
        if mean.empty:
            raise ValueError(f"table noise has no rows of '{method}' for a panel over {over}")
        axes.plot(mean.index, mean, color=colour, markersize=2.4, linewidth=1.0, zorder=3, **kind)
        low, high = grouped["ratio_low"].min(), grouped["ratio_high"].max()
        axes.fill_between(mean.index, low, high, color=colour, alpha=0.15, linewidth=0)
