"""Summary tables of MetaRepICL as their rules write them, with invented numbers."""

import itertools

import numpy as np
import pandas as pd

COLUMNS = ["quantity", "subject", "setting", "value", "low", "high"]
DIALS = ("bandwidth", "noise", "radius", "law", "duplicates", "outlier")
RUNS = ("spherical", "paired")


def exact(quantity, subject, setting, value):
    return quantity, subject, setting, value, value, value


def metarep_tables(seed=0):
    """All of them, by the path of each below ``tables/``."""
    generator = np.random.default_rng(seed)

    def estimate(quantity, subject, setting, middle):
        value = middle * generator.uniform(0.8, 1.2)
        return quantity, subject, setting, value, 0.9 * value, 1.1 * value

    cg = [
        exact(quantity, subject, setting, 3e-12)
        for quantity, subject, setting in itertools.product(
            ("step_error", "local_error", "drift"), ("cg", "pcg"), ("well", "ill")
        )
    ]
    cg += [exact("rate_share", "cg", setting, 0.7) for setting in ("well", "ill")]
    cg += [exact("blocks_per_step", subject, "", 5.0) for subject in ("cg", "relu")]
    cg += [
        exact("relu_error", subject, units, 10.0 / int(units))
        for subject, units in itertools.product(("relu", "relu_ill"), ("256", "1024", "4096"))
    ]
    solvers = ("cg", "pcg", "richardson", "preconditioned_richardson")
    for index, (subject, setting) in enumerate(itertools.product(solvers, ("well", "ill"))):
        cg.append(("steps", subject, setting, 10.0 + 9 * index, 8.0 + 9 * index, 14.0 + 9 * index))
    cg += [exact("steps_capped", "richardson", "ill", 1.0), exact("steps_capped", "cg", "ill", 0.1)]
    ridges = ("0.01", "0.1", "1")
    width = [
        estimate("fall", subject, ridge, 0.3)
        for subject, ridge in itertools.product(("gaussian", "eigenspace"), ridges)
    ]
    width += [estimate("effective_dimension", "kernel", ridge, 12.0) for ridge in ridges]
    operators = []
    for run in RUNS:
        for control, kernel in itertools.product(
            ("shuffled_gap", "random_gap"), ("gaussian", "representation")
        ):
            operators.append(estimate(control, run, kernel, 0.2))
        operators += [
            estimate("krr_gap", run, kernel, 0.2) for kernel in ("gaussian", "representation", "data")
        ]
        operators += [estimate("degradation", run, dial, 1.5) for dial in (*DIALS, "all")]
        operators += [exact("silent", run, dial, float(generator.integers(2))) for dial in DIALS]
    anchor = []
    for run in ("linear_regression", "linear_regression_deep"):
        anchor += [estimate("agreement", run, fit, 0.03) for fit in ("matrix", "scalar")]
        anchor += [estimate("steps_agreement", run, str(step), 0.3 / step) for step in range(1, 7)]
    rows = {"cg": cg, "width": width, "operators": operators, "anchor": anchor}
    return {f"metarep/{name}": pd.DataFrame(part, columns=COLUMNS) for name, part in rows.items()}
