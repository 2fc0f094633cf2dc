"""Tables below ``tables/metarep/`` of the built conjugate gradients and projections, invented.

Every error is a power law or a geometric sequence, so that figures and numbers can be checked against it.
"""

import itertools

import numpy as np
import pandas as pd

RIDGES = (0.1, 1.0, 10.0)
UNITS = (256, 4096, 65536)
STEPS = 20
RATES = {
    "conjugate_gradient": 1e-2,
    "preconditioned_cg": 2e-2,
    "richardson": 0.9,
    "preconditioned_richardson": 0.8,
    "bound": 0.5,
}


def cg_curves_table():
    """CG falls by its rate each step to 1e-15; ReLU stacks end on one over their units."""
    rows = []

    def add(family, method, units, layer, position, value):
        at = {"family": family, "measure": "prediction", "method": method, "units": units, "layer": layer}
        rows.append({**at, "position": position, "value": value, "low": value / 2, "high": 2 * value})

    for family in ("well", "ill"):
        slow = 1.0 if family == "well" else 0.25
        for method, rate in RATES.items():
            for step in range(STEPS + 1):
                add(family, method, 0, -1, step, max(rate ** (slow * step), 1e-15))
        for method, blocks, units in (
            ("built_cg", 5, 0),
            ("built_pcg", 5, 0),
            *(("relu", 7, units) for units in UNITS),
        ):
            rate = RATES["preconditioned_cg" if method == "built_pcg" else "conjugate_gradient"]
            floor = 1 / units if units else 1e-15
            for layer in range(blocks * STEPS + 2):
                step = max(0, (layer - 1 + 2) // blocks)
                position = max(0.0, (layer - 1) / blocks)
                add(family, method, units, layer, position, max(rate ** (slow * step), floor))
    energy = [dict(row, measure="energy") for row in rows if row["method"] in ("built_cg", "bound")]
    return pd.DataFrame(rows + energy)


def cg_table():
    """Ill-conditioned prompts reach the tolerance later, and Richardson never there."""
    rows = []
    for family, scale in (("well", 1.0), ("ill", 10.0)):
        rows.append(("condition_number", "kernel", family, 3.0 * scale, 2.0, 4.0 * scale))
        for subject, name in itertools.product(("cg", "pcg"), ("step_error", "twin_error", "local_error")):
            rows.append((name, subject, family, *[1e-13 * scale] * 3))
        for subject in ("cg", "pcg"):
            rows.append(("drift", subject, family, *[2e-11] * 3))
            rows.append(("at_rest", subject, family, *[1.0] * 3))
        rows.append(("rate_share", "cg", family, *[0.75] * 3))
        subjects = ("cg", "pcg", "richardson", "preconditioned_richardson")
        for subject, steps in zip(subjects, (5, 7, 400, 300), strict=True):
            capped = float(family == "ill" and "richardson" in subject)
            rows.append(("steps", subject, family, steps * scale, steps, steps * scale))
            rows.append(("steps_capped", subject, family, *[capped] * 3))
        for units in UNITS:
            lost = family == "ill" and units == UNITS[0]
            subject = "relu" if family == "well" else "relu_ill"
            rows.append(("relu_error", subject, str(units), *[1e6 if lost else scale / units] * 3))
    rows += [("blocks_per_step", "cg", "", *[5.0] * 3), ("blocks_per_step", "relu", "", *[7.0] * 3)]
    return summary(rows)


def width_curves_table(seeds=6):
    """Gaussian errors fall as r^-1/2, the oracle's as r^-1; the effective dimension is 12/ridge^0.4."""
    rows = []
    for seed, ridge in itertools.product(range(seeds), RIDGES):
        dimension = 12 / ridge**0.4
        at = {"seed": seed, "ridge": ridge, "effective_dimension": dimension, "gap": np.nan}
        marked = [(round(multiple * dimension), multiple) for multiple in (0.5, 1.0, 2.0, 4.0)]
        for rank, multiple in [*((rank, np.nan) for rank in (1, 4, 16, 64)), *marked]:
            for kind, power in (("gaussian", -0.5), ("eigenspace", -1.0)):
                error = (1 + 0.1 * seed) * rank**power
                case = {"projection": kind, "rank": rank, "multiple": multiple, "source": "algebra"}
                rows.append({**at, **case, "error": error})
    for seed, rank in itertools.product(range(2), (4, 16)):
        rows.append(
            {
                "seed": seed,
                "ridge": 1.0,
                "effective_dimension": 12.0,
                "projection": "gaussian",
                "rank": rank,
                "multiple": np.nan,
                "source": "stack",
                "error": (1 + 0.1 * seed) * rank**-0.5,
                "gap": 1e-14,
            }
        )
    return pd.DataFrame(rows)


def width_table():
    rows = []
    for ridge in RIDGES:
        rows.append(("effective_dimension", "kernel", f"{ridge:g}", 12 / ridge**0.4, 11.0, 13.0))
        for kind, fall in (("gaussian", 0.5), ("eigenspace", 0.25)):
            rows.append(("fall", kind, f"{ridge:g}", fall, fall - 0.1, fall + 0.1))
            for multiple in (0.5, 1.0, 2.0, 4.0):
                error = 0.3 / multiple
                rows.append(("error", kind, f"{ridge:g}@{multiple:g}", error, 0.8 * error, 1.2 * error))
    rows.append(("stack_gap", "gaussian", "16", *[1e-14] * 3))
    return summary(rows)


def summary(rows):
    return pd.DataFrame(rows, columns=["quantity", "subject", "setting", "value", "low", "high"])


def conjugate_tables():
    """All of them, by the path of each below ``tables/``."""
    return {
        "metarep/cg_curves": cg_curves_table(),
        "metarep/cg": cg_table(),
        "metarep/width_curves": width_curves_table(),
        "metarep/width": width_table(),
    }
