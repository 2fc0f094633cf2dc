"""The Explorer: layers against the steps of solvers, of every run that is compared with them.

The plots are drawn by BokehJS. Among the maintained libraries that come on PyPI with their JavaScript inside,
it is the smallest that draws heat maps and tells where a person presses: 1.4 MB, against 4.8 MB of plotly.
Vega's comes inside a compiled package of 30 MB. The data of a run are a script of their own, which is loaded
when the run is chosen.
"""

import json
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import pandas as pd

from ickrr.config.claim_terms import FamilyName
from ickrr.config.experiment import Experiment
from ickrr.entries import NULLS, SOLVERS
from ickrr.io.files import read_columns
from ickrr.report.methods import name as method_name
from ickrr.row_keys import NO_SEED
from ickrr.site.explorer_files import EXPLORER_ASSETS, FILTERS, IDENTIFICATION, PLOT_LIBRARY
from ickrr.site.layout import page, render

HERE: Final = "explorer.html"
MEASURES: Final = {"mse": "error against the clean function", "excess_risk": "excess risk"}
STATISTICS: Final = {"similarity": "similarity of errors (SimE)", "distance": "distance"}
FAMILIES: Final = get_args(FamilyName)
ENDS: Final = {"coefficient": "value", "low": "low", "high": "high"}
"""Columns of an encompassing coefficient, and what the page calls them."""
DIGITS: Final = 4  # significant digits of the data on the page
TRANSFORMER: Final = "transformer"
READOUT: Final = "transformer_output"
LOOKS: Final = {
    TRANSFORMER: ("#000000", "o", "-"),
    READOUT: ("#000000", "x", ":"),
    "posterior_mean": ("#777777", "None", (0, (1, 1))),
}
"""Colour, marker and line of what is no solver, as in `ickrr.report.style` (which imports matplotlib)."""


def explorer_page(experiment: Experiment, runs: Sequence[str]) -> str:
    """Return the page, which holds what is known of the runs before any of their data are loaded.

    Args:
        experiment: the resolved experiment, whose runs may stand in any order.
        runs: runs and controls in the order of the page; the first is shown at first.
    """
    solvers = experiment.solvers.names
    facts = {
        "runs": {run: _about(experiment, run) for run in runs},
        "solvers": {solver: _look(solver) for solver in solvers},
        "headline": experiment.solvers.headline,
        "models": {method: _look(method) for method in LOOKS},
        "statistics": STATISTICS,
        "measures": MEASURES,
        "families": FAMILIES,
        "margin": experiment.identification.margin,
    }
    body = render("explorer.j2", facts=facts, data=as_script(facts))
    scripts = [f"assets/{name}" for name in (*PLOT_LIBRARY, *EXPLORER_ASSETS)]
    return page("Explorer", body, HERE, scripts=scripts)


def run_script(run: str, tables: Mapping[str, Path]) -> str:
    """Return the data of a run as a script that hands them to the page.

    Args:
        run: its name.
        tables: files of the tables `EXPLORER_TABLES`, by name; if there are any, of `IDENTIFICATION` and
            `FILTERS` too.

    Returns:
        A call of ``explorer.loaded`` with the name and ``{contexts, methods, seeds}``, and of each seed
        ``{curves, matches, errors}``. Curves are lists by solver, statistic, layer and step; errors (and
        `methods`, those of solvers) by method, measure, layer or step, and context length. NaN is null. What
        only some runs have stands in ``identification`` and ``filters``, which are null in the others.

    Raises:
        FileError: a table cannot be read or lacks a column.
    """
    errors = read_columns(tables["errors"], ["seed", "method", "step", "context_length", *MEASURES])
    matches = read_columns(tables["matches"], ["seed", "solver", "layer", *MATCH_COLUMNS])
    curves = read_columns(tables["similarity"], ["seed", "solver", "layer", "step", *STATISTICS])
    errors = errors[~errors["method"].isin([*NULLS])]  # the page shows solvers
    matches, curves = (table[~table["solver"].isin([*NULLS])] for table in (matches, curves))
    of_models = errors["method"].isin([TRANSFORMER, READOUT])
    data = {
        "contexts": sorted(errors["context_length"].unique().tolist()),
        "methods": _errors(errors[~of_models]),
        "seeds": {
            str(seed): {
                "curves": {
                    solver: _grids(rows, "layer", "step", STATISTICS)
                    for solver, rows in part.groupby("solver")
                },
                "matches": _matches(matches[matches["seed"] == seed]),
                "errors": _errors(errors[of_models & (errors["seed"] == seed)]),
            }
            for seed, part in curves.groupby("seed")
        },
        "identification": _identification(*(tables[name] for name in IDENTIFICATION))
        if set(IDENTIFICATION) <= tables.keys()
        else None,
        "filters": _filters(tables[FILTERS]) if FILTERS in tables else None,
    }
    return f"explorer.loaded({json.dumps(run)}, {as_script(data)});\n"


MATCH_COLUMNS: Final = {
    "best_step": "step",
    "best_step_low": "low",
    "best_step_high": "high",
    "censored": "censored",
    "nearest_step": "nearest",
    "nearest_censored": "nearest_censored",
}
"""Columns of the table `matches` that the page shows, and what it calls them."""


def as_script(value: Any) -> str:
    """Return a value as JavaScript that may stand inside a `script` element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def plot_library() -> dict[str, str]:
    """Return the scripts of BokehJS by their names, from the installed package.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    found = find_spec("bokeh")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("bokeh is not installed", name="bokeh")
    folder = Path(found.origin).parent / "server" / "static" / "js"
    return {name: (folder / name).read_text(encoding="utf-8") for name in PLOT_LIBRARY}


def _about(experiment: Experiment, run: str) -> dict[str, Any]:
    control = experiment.constructions.controls.get(run)
    purpose = experiment.runs[run].purpose if control is None else "control with a known answer"
    return {
        "purpose": purpose,
        "task": experiment.task_of(run),
        "layers": experiment.run(run).model.layers,
        "seeds": experiment.seeds(run),
        "contexts": list(range(experiment.run(run).task.context_length + 1)),
    }


def _look(method: str) -> dict[str, Any]:
    colour, marker, line = LOOKS.get(method) or SOLVERS.load(method).LOOK
    return {"name": method_name(method), "colour": colour, "marker": marker, "line": line}


def _errors(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        str(method): _grids(part, "step", "context_length", MEASURES)
        for method, part in rows.groupby("method")
    }


def _identification(attribution: Path, encompassing: Path) -> dict[str, Any]:
    """Return what layers are named, and what families add to each other.

    Returns:
        Of each seed (of the mean over seeds: ``mean``), from layer 1 to the model's own readout: ``named``
        and ``survivors``; ``coefficients``, which are by ``value``, ``low`` and ``high``, layer, the family
        that is added to, and the family that is added, both in the order of `FAMILIES`.
    """
    said = read_columns(attribution, ["seed", "layer", "named", "family", "survives"])
    pairs = read_columns(encompassing, ["seed", "layer", "family", "other", *ENDS])
    pairs = pairs[pairs["layer"] > 0]
    return {
        "named": {
            str(seed): part.drop_duplicates("layer").sort_values("layer")["named"].tolist()
            for seed, part in said.groupby("seed")
        },
        "survivors": {
            str(seed): [layer.loc[layer["survives"], "family"].tolist() for _, layer in part.groupby("layer")]
            for seed, part in said.groupby("seed")
        },
        "coefficients": {
            "mean" if seed == NO_SEED else str(seed): {
                short: [_square(layer, column) for _, layer in part.groupby("layer")]
                for column, short in ENDS.items()
            }
            for seed, part in pairs.groupby("seed")
        },
    }


def _square(layer: pd.DataFrame, column: str) -> list[list[float | None]]:
    """Return a column as a square of families; a family beside itself has none."""
    grid = layer.pivot(index="family", columns="other", values=column)
    return _rounded(grid.reindex(index=FAMILIES, columns=FAMILIES).to_numpy(float))


def _filters(table: Path) -> dict[str, Any]:
    """Return the filters of layers, and of the nearest members of families beside them.

    Returns:
        ``eigenvalues``; ``seeds``: by seed, method and ``value``, ``low`` or ``high``, a list for each layer
        from layer 1 to the model's own readout, of a number for each eigenvalue.
    """
    ends = ("value", "low", "high")
    rows = read_columns(table, ["seed", "layer", "method", "eigenvalue", *ends])
    return {
        "eigenvalues": [_number(value) for value in sorted(rows["eigenvalue"].unique())],
        "seeds": {
            str(seed): {
                str(method): _grids(layers, "layer", "eigenvalue", dict.fromkeys(ends, ""))
                for method, layers in part.groupby("method")
            }
            for seed, part in rows.groupby("seed")
        },
    }


def _grids(rows: pd.DataFrame, down: str, across: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return each value column as a list of lists; the table has one row for each pair of the other two."""
    return {
        value: _rounded(rows.pivot(index=down, columns=across, values=value).to_numpy()) for value in values
    }


def _matches(rows: pd.DataFrame) -> dict[str, Any]:
    return {
        str(solver): {
            short: [_number(value) for value in part.sort_values("layer")[column]]
            for column, short in MATCH_COLUMNS.items()
        }
        for solver, part in rows.groupby("solver")
    }


def _rounded(grid: np.ndarray) -> list[list[float | None]]:
    return [[_number(value) for value in row] for row in grid]


def _number(value: float) -> float | None:
    """Return a number with few digits, an integer where it is one; None for what is not finite."""
    if not np.isfinite(value):
        return None
    rounded = float(f"{value:.{DIGITS}g}")
    return int(rounded) if rounded.is_integer() else rounded
