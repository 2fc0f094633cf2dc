"""How heads and width matter: one row for each setting, varied from the first run.

Left the final excess risk mean (p - m)^2 on the validation prompts, a marker for each seed; in the middle
the excess risk of each layer's readout at n = N; right the step t*(l) of one solver that each layer matches
best. Every axis is shared between the rows, so that the two settings can be compared.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ickrr.report.curves import TRANSFORMER
from ickrr.report.matches import best_steps
from ickrr.report.methods import prose_name, short_name
from ickrr.report.panels.axes import letters, logarithmic
from ickrr.report.panels.best_steps import censored_handle, draw_steps, highest_step
from ickrr.report.panels.final_risk import (
    diverged_handle,
    draw_final_risks,
    final_risk,
    say_final_risk,
)
from ickrr.report.panels.layer_lines import draw_layer_line
from ickrr.report.style import LineStyle, Look, level_colours, new_figure, stamp, style

VARIED: Final = {"heads": "heads", "width": "width"}  # key of the model: axis label
MARKERS: Final = ("o", "s", "^", "D", "v", "P")
LINES: Final[tuple[LineStyle, ...]] = ("-", "--", "-.", (0, (4, 1, 1, 1, 1, 1)))

Settings = Mapping[str, Mapping[str, int]]


def sizes_figure(
    learning_curve: pd.DataFrame,
    errors: pd.DataFrame,
    matches: pd.DataFrame,
    runs: Sequence[str],
    settings: Settings,
    solver: str,
    scale: str,
) -> Figure:
    """Draw risk, errors by layer and best steps, one row for the heads and one for the width.

    Args:
        learning_curve: table `learning_curve` of the runs.
        errors: table `errors` of the runs.
        matches: table `matches` of the runs.
        runs: the first is the run that the others vary, each in heads or in width.
        settings: `layers`, `heads` and `width` of every run.
        solver: solver of the best steps.
        scale: name of the scale.

    Raises:
        ValueError: a run is absent from a table.
    """
    with style():
        figure = new_figure(height=3.3)
        grid = figure.subplots(len(VARIED), 3, squeeze=False, sharey="col")
        top = highest_step(matches, runs, [solver])
        n_last = errors["context_length"].max()
        layers = errors[(errors["method"] == TRANSFORMER) & (errors["context_length"] == n_last)]
        for (left, middle, right), (key, label) in zip(grid, VARIED.items(), strict=True):
            series = varied(runs, settings, key)
            looks = _looks(len(series))
            draw_final_risks(left, [final_risk(learning_curve, run) for run in series.values()], looks)
            left.set_xticks(range(len(series)), labels=[str(value) for value in series])
            left.set_xlabel(label)
            left.set_title("final excess risk")
            for run, look in zip(series.values(), looks, strict=True):
                draw_layer_line(middle, layers[layers["run"] == run], "excess_risk", look, layer="step")
            middle.set_ylabel("excess risk, $n=N$")
            middle.set_title("layer by layer")
            draw_steps(right, [best_steps(matches, run, solver) for run in series.values()], looks, top)
            right.set_title(short_name(solver))
            middle.legend(
                handles=[
                    Line2D(
                        [], [], color=look.colour, marker=look.marker, linestyle=look.line, label=f"{value}"
                    )
                    for value, look in zip(series, looks, strict=True)
                ],
                title=label,
                handlelength=1.6,
                labelspacing=0.2,
            )
        for axes in grid[:, :2].flat:
            logarithmic(axes)
        letters(grid.flat)
        handles = censored_handle(list(grid[:, 2])) + diverged_handle(list(grid[:, 0]))
        if handles:
            figure.legend(handles=handles, loc="outside upper center", ncols=2)
        stamp(figure, scale, matches[matches["run"].isin(runs)])
    return figure


def describe_sizes(learning_curve: pd.DataFrame, run: str, settings: Settings) -> str:
    """Say what the figure shows for one run, from the tables alone."""
    risk = final_risk(learning_curve, run)
    model = settings[run]
    heads = "1 head" if model["heads"] == 1 else f"{model['heads']} heads"
    return f"Run `{run}` ({heads}, width {model['width']}): {say_final_risk(risk)}."


def describe_varied(
    learning_curve: pd.DataFrame, matches: pd.DataFrame, runs: Sequence[str], settings: Settings, solver: str
) -> str:
    """Say what changes with heads and width, from the tables alone."""
    text = []
    for key, label in VARIED.items():
        series = varied(runs, settings, key)
        risks = {value: final_risk(learning_curve, run).mean for value, run in series.items()}
        defined = {value: risk for value, risk in risks.items() if risk == risk}
        steps = []
        for value, run in series.items():
            found = best_steps(matches, run, solver)
            steps.append(f"{found.step[-1]:.3g}{' (censored)' if found.censored[-1] else ''} at {value}")
        if defined:
            best = min(defined, key=lambda value: defined[value])
            worst = max(defined, key=lambda value: defined[value])
            text.append(
                f"Of {len(series)} values of {label}, {best} ends lowest ({defined[best]:.3g}) and {worst} "
                f"highest ({defined[worst]:.3g})."
            )
        text.append(f"Last layer's best step of {prose_name(solver)} by {label}: {', '.join(steps)}.")
    return " ".join(text)


def varied(runs: Sequence[str], settings: Settings, key: str) -> dict[int, str]:
    """Return the runs that differ from the first in one setting alone, by its value, in its order.

    Two runs that resolve to the same model (at the smallest scale, one head and half the heads) are one.

    Raises:
        KeyError: a run has no settings.
        ValueError: a run differs in more than one setting, so that no series shows it.
    """
    for run in runs:
        differs = [name for name, value in settings[run].items() if value != settings[runs[0]][name]]
        if len(differs) > 1 or not VARIED.keys() >= {*differs}:
            found = f"run '{run}' differs from '{runs[0]}' in {', '.join(differs)}"
            raise ValueError(f"{found}; allowed: heads alone, or width alone")
    base = {name: value for name, value in settings[runs[0]].items() if name != key}
    series: dict[int, str] = {}
    for run in runs:
        if {name: value for name, value in settings[run].items() if name != key} == base:
            series.setdefault(settings[run][key], run)
    return dict(sorted(series.items()))


def _looks(count: int) -> list[Look]:
    return [
        Look(
            f"#{int(r * 255):02x}{int(g * 255):02x}{int(b * 255):02x}",
            MARKERS[i % len(MARKERS)],
            LINES[i % len(LINES)],
        )
        for i, (r, g, b) in enumerate(level_colours(count))
    ]
