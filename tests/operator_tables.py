"""Invented tables of attention operators: distances grow with the layer, errors along the dials."""

import itertools

import pandas as pd

from ickrr.config.operators import DialSettings

RUNS = {"spherical": (("x", "y"), (0, 1, 2)), "paired": (("pair",), (0, 1))}
OFFSETS = {"trained": 0.0, "shuffled": 0.2, "random": 0.3, "flat": 0.35}
DIALS = DialSettings().levels()
TWO_LEVELS = DialSettings(
    bandwidth=[1.0, 0.5],
    noise=[1.0, 4.0],
    radius=[1.0, 2.0],
    law=[0.0, 1.0],
    duplicates=[0.0, 0.5],
    outlier=[0.0, 5.0],
)


def detail_table(layers=3, heads=2):
    rows = []
    for run, (kinds, seeds) in RUNS.items():
        levels = [("in_distribution", 0.0)]
        levels += [(dial, level) for dial, values in DIALS.items() for level in values[1:]]
        for seed, (dial, level), layer, head, kind, target in itertools.product(
            seeds,
            levels,
            range(1, layers + 1),
            range(heads),
            kinds,
            ("gaussian", "representation"),
        ):
            inside = dial == "in_distribution"
            for control in OFFSETS if inside else ("trained",):
                distance = 0.1 * layer + 0.02 * head + 0.01 * seed + OFFSETS[control]
                distance += 0.05 * (target == "gaussian")
                best = (layer, head) == (1, 0)
                rows.append((run, seed, dial, level, layer, head, kind, target, control, 0.7, best, distance))
    columns = ["run", "seed", "dial", "level", "layer", "head", "rows", "target", "control", "bandwidth"]
    return pd.DataFrame(rows, columns=[*columns, "best", "distance"])


def dials_table():
    starts = {
        "gaussian_distance": 0.3,
        "gaussian_best": 0.15,
        "representation_distance": 0.25,
        "representation_best": 0.1,
        "gaussian_left": 0.5,
        "representation_left": 0.4,
        "error": 0.01,
        "deviation": 0.005,
        "krr_gaussian": 0.3,
        "krr_representation": 0.25,
        "krr_data": 0.1,
    }
    rows = []
    for run, (_, seeds) in RUNS.items():
        for (dial, levels), (quantity, start) in itertools.product(DIALS.items(), starts.items()):
            for place, level in enumerate(levels):
                value = start * (3 if quantity in ("error", "deviation") else 1.1) ** place
                rows.append((run, dial, level, quantity, value, 0.9 * value, 1.1 * value, len(seeds)))
    columns = ["run", "dial", "level", "quantity", "value", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def summary_table():
    rows = []
    for run in RUNS:

        def add(quantity, setting, value, half=0.01, run=run):
            rows.append((quantity, run, setting, value, value - half, value + half))

        for kernel in ("gaussian", "representation"):
            for setting in ("in_distribution", "noise=8"):
                add(f"{kernel}_distance", setting, 0.3)
                add(f"{kernel}_best", setting, 0.1)
                add(f"{kernel}_left", setting, 0.4)
            for place, control in enumerate(("shuffled", "random", "flat")):
                add(f"{control}_gap", kernel, 0.1 * (1 - place))
                if control != "flat":
                    add(f"{control}_gap", f"{kernel}_refitted", -0.1)
        for method in ("gaussian", "representation", "data"):
            add("krr_gap", method, 0.2)
        for place, dial in enumerate(DIALS):
            add("degradation", dial, 1.1)
            add("error_growth", dial, 9.0)
            add("deviation_growth", dial, 9.0)
            add("silent", dial, float(place < 2), 0.0)
        add("degradation", "all", 1.1)
    return pd.DataFrame(rows, columns=["quantity", "subject", "setting", "value", "low", "high"])


def anchor_table():
    rows = [("error_ratio_ridge", "ridge", 2.9)]
    rows += [
        (name, fit, value)
        for fit in ("matrix", "scalar")
        for name, value in (("agreement", 0.1), ("agreement_best", 0.12), ("error_ratio", 1.02))
    ]
    rows += [
        (name, str(step), value / step)
        for step in range(1, 7)
        for name, value in (("steps_agreement", 0.3), ("steps_of_ridge", 0.6))
    ]
    return pd.DataFrame(
        [
            (name, run, setting, value, 0.9 * value, 1.1 * value)
            for run in ("linear_regression", "linear_regression_deep")
            for name, setting, value in rows
        ],
        columns=["quantity", "subject", "setting", "value", "low", "high"],
    )


def operator_tables():
    """All of them, by the path of each below ``tables/``."""
    return {
        "metarep/operators": summary_table(),
        "metarep/operators_detail": detail_table(),
        "metarep/operators_dials": dials_table(),
        "metarep/anchor": anchor_table(),
    }
