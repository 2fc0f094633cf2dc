"""What the layers predict on a line: curves of one-dimensional prompts, layer by layer.

One block of panels for each context length n, one panel for each layer: the layer's prediction at every
query point, the iterate of one solver at the step t*(l) that the layer matches best, and the posterior of f
given the context, its mean and a band of two posterior standard deviations. Dots are the context.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from ickrr.report.matches import BestSteps, best_steps
from ickrr.report.methods import prose_name, short_name
from ickrr.report.style import look_of, new_figure, stamp, style

PANELS_A_ROW: Final = 3
LAYERS_SHOWN: Final = 3
BAND: Final = 2.0  # posterior standard deviations
BAND_COLOUR: Final = "0.85"


def functions_figure(
    functions: pd.DataFrame,
    matches: pd.DataFrame,
    run: str,
    solver: str,
    scale: str,
) -> Figure:
    """Draw the prediction curves of the first prompt of the first seed.

    Args:
        functions: table `functions` of the run.
        matches: table `matches` of the run, which says the step that each layer matches.
        run: name of the run.
        solver: solver whose iterates are drawn.
        scale: name of the scale.

    Raises:
        ValueError: the run, the solver or a matching step is absent from the tables.
    """
    shown = first_prompt(functions, run)
    seed = int(shown["seed"].iloc[0])
    found = best_steps(matches[matches["seed"] == seed], run, solver)
    layers = shown_layers(shown)
    lengths = sorted(int(n) for n in shown["context_length"].unique())
    columns = min(len(layers), PANELS_A_ROW)
    block = -(-len(layers) // columns)
    with style():
        figure = new_figure(height=0.5 + 1.45 * block * len(lengths))
        grid = figure.subplots(block * len(lengths), columns, squeeze=False, sharex=True, sharey=True)
        for index, n in enumerate(lengths):
            rows = shown[shown["context_length"] == n]
            panels = list(grid[index * block : (index + 1) * block].flat)
            for unused in panels[len(layers) :]:
                unused.set_visible(False)
            for axes, layer in zip(panels, layers, strict=False):
                _draw(axes, rows, layer, solver, found)
            panels[0].set_title(f"$n={n}$: {panels[0].get_title()}")
            for first in panels[::columns]:
                first.set_ylabel("$f(x)$")
        for axes in grid[-1]:
            axes.set_xlabel("$x$")
        _fit(grid[0, 0], shown)
        figure.legend(handles=_handles(solver), loc="outside upper center", ncols=5)
        stamp(figure, scale, shown)
    return figure


def describe_functions(functions: pd.DataFrame, matches: pd.DataFrame, run: str, solver: str) -> str:
    """Say how far the drawn curves are from the posterior mean and from the solver, from the tables alone."""
    shown = first_prompt(functions, run)
    seed = int(shown["seed"].iloc[0])
    found = best_steps(matches[matches["seed"] == seed], run, solver)
    last = shown_layers(shown)[-1]
    parts = []
    for n, rows in shown.groupby("context_length"):
        layer = curve(rows, "layer", last)["value"]
        posterior = curve(rows, "posterior", None)["value"]
        iterate = curve(rows, "solver", matched_step(found, last))["value"]
        parts.append(
            f"{np.sqrt(((layer - posterior) ** 2).mean()):.2g} from the posterior mean and "
            f"{np.sqrt(((layer - iterate) ** 2).mean()):.2g} from the iterate at n = {n}"
        )
    return (
        f"Run `{run}`: the curve after layer {last}, which matches step {matched_step(found, last)} of "
        f"{prose_name(solver)}, is in root mean square over the grid {'; '.join(parts)}."
    )


def first_prompt(functions: pd.DataFrame, run: str) -> pd.DataFrame:
    """Return the rows of a run's first prompt and first seed.

    Raises:
        ValueError: the table has no such run.
    """
    rows = functions[functions["run"] == run]
    if rows.empty:
        raise ValueError(f"table functions has no rows of run '{run}'")
    seeds = rows.loc[rows["kind"] == "layer", "seed"]
    prompts = rows["prompt"]
    # Rows that no training changes (context, solver, posterior) may stand under the seed -1.
    kept = rows["seed"].isin([seeds.min(), -1]) & (prompts == prompts.min())
    return pd.DataFrame(rows[kept]).sort_values("seed", ascending=False)


def shown_layers(functions: pd.DataFrame) -> list[int]:
    """Return the layers that get a panel: 1..L, or three of them: the first, a middle one and the last."""
    layers = np.unique(functions.loc[functions["kind"] == "layer", "step"])
    layers = layers[layers > 0]
    if len(layers) > LAYERS_SHOWN:
        layers = layers[np.linspace(0, len(layers) - 1, LAYERS_SHOWN).round().astype(int)]
    return [int(layer) for layer in layers]


def matched_step(found: BestSteps, layer: int) -> int:
    """Return the step that a layer matches best; the last of the grid where it is censored."""
    return int(found.last[found.layer == layer][0])


def curve(rows: pd.DataFrame, kind: str, step: int | None) -> pd.DataFrame:
    """Return one curve of one prompt and context length, ordered by x and indexed from zero.

    Raises:
        ValueError: the table has no such curve.
    """
    found = rows[rows["kind"] == kind]
    if step is not None:
        found = found[found["step"] == step]
    if found.empty:
        raise ValueError(f"table functions has no '{kind}' curve at step {step}")
    return found.sort_values("x").reset_index(drop=True)


def _draw(axes: Axes, rows: pd.DataFrame, layer: int, solver: str, found: BestSteps) -> None:
    posterior = curve(rows, "posterior", None)
    low, high = (posterior["value"] + side * BAND * posterior["sd"] for side in (-1, 1))
    axes.fill_between(posterior["x"], low, high, color=BAND_COLOUR, linewidth=0, zorder=1)
    axes.plot(posterior["x"], posterior["value"], color="0.45", linestyle=(0, (1, 1)), zorder=2)
    step = matched_step(found, layer)
    iterate = curve(rows[rows["method"].isin([solver]) | (rows["kind"] != "solver")], "solver", step)
    look = look_of(solver)
    axes.plot(iterate["x"], iterate["value"], color=look.colour, linestyle="--", linewidth=1.2, zorder=4)
    layer_curve = curve(rows, "layer", layer)
    axes.plot(layer_curve["x"], layer_curve["value"], color="black", linewidth=1.1, zorder=3)
    context = curve(rows, "context", None)
    axes.plot(
        context["x"], context["value"], color="black", marker="o", markersize=2.2, linestyle="None", zorder=5
    )
    edge = " (censored)" if found.censored[found.layer == layer].any() else ""
    axes.set_title(f"layer {layer}, step {step}{edge}")


def _fit(axes: Axes, shown: pd.DataFrame) -> None:
    """Set the shared axis to what has to be seen: context, band and layers, not an iterate that diverges."""
    posterior = shown[shown["kind"] == "posterior"]
    seen = pd.concat(
        [
            shown.loc[shown["kind"].isin(["context", "layer"]), "value"],
            posterior["value"] - BAND * posterior["sd"],
            posterior["value"] + BAND * posterior["sd"],
        ]
    )
    margin = 0.05 * (seen.max() - seen.min())
    axes.set_ylim(seen.min() - margin, seen.max() + margin)
    axes.set_xlim(posterior["x"].min(), posterior["x"].max())
    axes.xaxis.set_major_locator(MaxNLocator(4, prune="both"))


def _handles(solver: str) -> Sequence[Line2D | Patch]:
    return [
        Line2D([], [], color="black", label="layer"),
        Line2D(
            [], [], color=look_of(solver).colour, linestyle="--", label=f"{short_name(solver)}, matching step"
        ),
        Line2D([], [], color="0.45", linestyle=(0, (1, 1)), label="posterior mean"),
        Patch(color=BAND_COLOUR, label="two posterior sd"),
        Line2D([], [], color="black", marker="o", markersize=2.2, linestyle="None", label="context"),
    ]
