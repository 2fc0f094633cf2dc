"""Tables of the construction as its rules write them, for tests of figures, tables and numbers.

Steps and widths follow the theory's rates exactly, so that the fitted exponents are known.
"""

import itertools
import math

import numpy as np
import pandas as pd

RIDGES = {"scaled": ("scaled", 0.1), "fixed": ("fixed", 1.0)}
LENGTHS = (10, 40, 160)
ACCURACIES = (1e-1, 1e-2, 1e-3)


def construction_cells(passed=True):
    """The deepest cell is theory only, the widest one beyond float64."""
    rows = []
    for (name, (scaling, ridge)), n, accuracy in itertools.product(RIDGES.items(), LENGTHS, ACCURACIES):
        total = ridge * n if scaling == "scaled" else ridge
        contraction = n / (n + total)
        steps = round(-math.log(1e4 / accuracy) / math.log(contraction))
        width = round(20 * accuracy**-0.5 * (1 if scaling == "scaled" else n**1.25))
        status = "verified"
        if steps > 1500:
            status = "theory only" if accuracy > 1e-3 else "beyond float64"
        run = status == "verified"
        rows.append(
            {
                "name": name,
                "scaling": scaling,
                "ridge": ridge,
                "context_length": n,
                "accuracy": accuracy,
                "status": status,
                "steps": steps,
                "depth": steps + 3,
                "width": width,
                "contraction": contraction,
                "bound": 0.95 * accuracy,
                "layer_bound": 0.5 * accuracy,
                "prompts": 60 if run else 0,
                "error": 0.1 * accuracy if run else np.nan,
                "iterate_error": 0.1 * accuracy if run else np.nan,
                "smallest_steps": steps // 2 if run else -1,
                "smallest_width": width // 3 if run else -1,
                "passed": passed and run,
            }
        )
    return pd.DataFrame(rows)


def construction_layers(cells):
    rows = []
    for cell in cells[cells["status"] == "verified"].to_dict("records"):
        key = {name: cell[name] for name in ("name", "context_length", "accuracy")}
        for layer in range(0, cell["depth"] + 1, max(1, cell["depth"] // 20)):
            error = max(cell["contraction"] ** layer, cell["error"])
            rows.append(
                {
                    **key,
                    "layer": layer,
                    "step": max(0, layer - 3),
                    "error": error,
                    "iterate_error": cell["iterate_error"],
                    "bound": 8 * error,
                }
            )
    return pd.DataFrame(rows)


def construction_widths(cells):
    rows = []
    for cell in cells[cells["status"] == "verified"].to_dict("records"):
        key = {name: cell[name] for name in ("name", "context_length", "accuracy")}
        rows += [{**key, "width": cell["width"] // k, "error": cell["error"] * k**2} for k in (1, 2, 4)]
    return pd.DataFrame(rows)


def contraction_table():
    """Fixed ridges contract as 1/N, scaled ones whatever N is; row sums of K diverge at large ridges."""
    rows = []
    families = ("spherical", "uniform", "gaussian", "all equal")
    ridges = [("fixed", 0.01), ("fixed", 0.09), ("fixed", 1.0), ("scaled", 0.1), ("scaled", 1.0)]
    for family, h, (scaling, ridge), kind, n, prompt in itertools.product(
        families, (0.5, 1.0, 2.0), ridges, ("ridge", "kernel"), (10, 100), range(4)
    ):
        total = ridge * n if scaling == "scaled" else ridge
        bound = n / (n + total) if kind == "ridge" else max(1 - total / n, total)
        slack = 1.0 if family == "all equal" else 1.5 + 0.1 * prompt
        factor = max(0.0, 1 - slack * (1 - bound)) if bound < 1 else 1.3
        rows.append(
            {
                "family": family,
                "kind": "adversarial" if family == "all equal" else "law",
                "lengthscale": h,
                "scaling": scaling,
                "ridge": ridge,
                "preconditioner": kind,
                "context_length": n,
                "prompt": prompt,
                "factor": factor,
                "bound": bound,
                "gap_rate": 0.995 if family == "spherical" else 1.0,
            }
        )
    return pd.DataFrame(rows)


def controls_table(follows=(True, True, False, False)):
    kinds = [("built", "built", "own"), ("built_exact", "exact", "own")]
    kinds += [("built_probed", "exact", "fitted"), ("random", "random", "fitted")]
    rows = []
    for (name, kind, readout), good in zip(kinds, follows, strict=True):
        rows.append(
            {
                "control": name,
                "kind": kind,
                "readout": readout,
                "solver": "preconditioned_richardson",
                "setup": 3,
                "layers": 20,
                "step_error": 0 if good else 4,
                "slope": 1.0 if good else 0.8,
                "dissimilarity": 1e-12 if good else 2e-3,
                "dissimilarity_tolerance": 1e-9,
                "distance": 1e-6 if good else 0.08,
                "distance_tolerance": 1e-4,
                "follows": good,
            }
        )
    return pd.DataFrame(rows)


def typical_table():
    """Steps on typical prompts, which grow with the length where the ridge is fixed."""
    rows = [
        ("typical_steps", name, str(length), steps)
        for name in ("scaled", "fixed")
        for length, steps in ((10, 8.0), (320, 8.0 if name == "scaled" else 461.0))
    ]
    frame = pd.DataFrame(rows, columns=["quantity", "subject", "setting", "value"])
    return frame.assign(low=frame["value"], high=frame["value"])


def construction_tables():
    """All of them, by the path of each below ``tables/``."""
    from ickrr.constructions.richardson.promises import summary_table
    from ickrr.constructions.richardson.rates import rates_table

    cells = construction_cells()
    rates = rates_table(cells, 0.95)
    return {
        "construction/cells": cells,
        "construction/layers": construction_layers(cells),
        "construction/widths": construction_widths(cells),
        "construction/rates": rates,
        "construction/summary": pd.concat(
            [summary_table(cells, rates, contraction_table()), typical_table()], ignore_index=True
        ),
        "construction/contraction": contraction_table(),
        "construction/controls": controls_table(),
    }
