"""Invented tables of the identification."""

import itertools

import numpy as np
import pandas as pd

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.report.load import COLUMNS


def attribution(run, generator, seeds=None, layers=5):
    """Return the table `attribution` of a run: layers from the third on count, the own readout does not."""
    rows = []
    likely = generator.choice(["PR", "none"], p=[0.5, 0.5])
    for seed, layer in itertools.product(seeds or range(int(generator.integers(3, 7))), range(1, layers + 2)):
        named = likely if generator.uniform() < 0.9 else "R"
        for place, family in enumerate(FAMILY_WORDS):
            survives = family == named or generator.uniform() < 0.15
            distance = 0.1 + 0.02 * place + 0.3 / layer + generator.uniform(0, 0.01)
            counted = min(3, layers) <= layer <= layers
            rows.append((run, seed, layer, counted, named, family, survives, distance, 1.0, 2.0))
    return pd.DataFrame(rows, columns=list(COLUMNS["attribution"]))


def encompassing(run, generator, seeds=None, layers=5):
    """Return the table `encompassing` of a run, with the means over seeds and, as layer 0, over layers."""
    rows = []
    seeds = [-1, *(seeds or range(int(generator.integers(3, 7))))]
    for seed, layer in itertools.product(seeds, range(layers + 2)):
        for family, other in itertools.permutations(FAMILY_WORDS, 2):
            low, value, high = np.sort(generator.uniform(0, 1.2, 3))
            rows.append((run, seed, layer, family, other, value, low, high, 0.1))
    return pd.DataFrame(rows, columns=list(COLUMNS["encompassing"]))


def along(make, run, generator, seeds, steps=(2, 20, 200)):
    """Return the table that `make` makes, for models after some steps of their training."""
    tables = [make(run, generator, seeds) for _ in steps]
    for step, table in zip(steps, tables, strict=True):
        if step == steps[0] and "distance" in table:  # at first another family is the nearest
            table.loc[table["family"] == "smoother", "distance"] -= 0.5
        table.insert(1, "step", step)
    return pd.concat(tables, ignore_index=True)


def filters(run, generator, seeds, layers=5):
    """Return the table `filters` of a run; not every family has a filter."""
    rows = []
    for seed, layer, method in itertools.product(seeds, range(1, layers + 2), ("layer", "PR", "R")):
        for eigenvalue in (0.1, 0.5, 1.0):
            low, value, high = np.sort(generator.uniform(0, 1.2, 3))
            rows.append((run, seed, layer, method, eigenvalue, value, low, high, 0.1, 0.2))
    columns = ["run", "seed", "layer", "method", "eigenvalue", "value", "low", "high", "left", "apart"]
    return pd.DataFrame(rows, columns=columns)


def trials(run, generator):
    """Return the table `trials` of a run, most cases named rightly."""
    rows = []
    for step in range(3, 9):
        named = "PR" if generator.uniform() < 0.8 else "R"
        rows.append(
            (
                run,
                "built model",
                f"built, step {step}",
                0.0,
                "PR",
                named,
                named,
                1.1,
                -0.1 * step,
                named == "R",
            )
        )
    for family, noise in itertools.product(FAMILY_WORDS, (0.1, 0.2, 0.3, 0.4)):
        named = family if generator.uniform() < 0.95 else "none"
        wrong = generator.uniform() < 0.01
        for group in ("pseudo-layer", "mixed pseudo-layer"):
            rows.append((run, group, "case", noise, family, named, "", 0.9, 0.1, wrong))
        rows.append((run, "held out", "case", noise, "none", "none", "", 0.4, 0.4, False))
    return pd.DataFrame(rows, columns=list(COLUMNS["trials"]))
