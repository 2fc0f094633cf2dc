"""Invented tables of the studies of docs/mechanism.md."""

import itertools

import numpy as np
import pandas as pd
from ledger import SOLVERS

from ickrr.config.claim_terms import REPLACEMENT_WORDS
from ickrr.report.load import COLUMNS
from ickrr.report.studies import ALIGNED


def seeds_of(generator, seeds=None):
    """Return the seeds of a run, now and then too few for a claim about an algorithm."""
    return list(seeds or range(int(generator.choice([3, 5], p=[0.1, 0.9]))))


def heads(run, generator, seeds=None, layers=3):
    """Return the table `heads`: four heads a layer, some like a kernel."""
    rows = []
    for seed, layer, head in itertools.product(seeds_of(generator, seeds), range(1, layers + 1), range(4)):
        left = generator.uniform(0, 1)
        rows += [(run, seed, layer, head, left, left < 0.5)] * 2  # a row for each kind of token
    return pd.DataFrame(rows, columns=list(COLUMNS["heads"]))


def replacements(run, generator, seeds=None, layers=3):
    """Return the table `replacements`: heads together, every layer after them and the own readout."""
    rows = []
    scopes = ["model", "rest"] if generator.uniform() < 0.8 else ["rest"]
    cost = {"kernel": 0.008, "permuted": 0.03, "flat": 0.02, "mean": 0.02}
    for seed, scope in itertools.product(seeds_of(generator, seeds), scopes):
        for replacement, read in itertools.product(REPLACEMENT_WORDS, range(2, layers + 2)):
            rows.append(
                (run, seed, scope, replacement, read, cost[replacement] * generator.uniform(0.7, 1.4))
            )
    return pd.DataFrame(rows, columns=list(COLUMNS["replacements"]))


def coefficients(run, generator, seeds=None, layers=4):
    """Return the table `coefficients`: of models as they are, and with heads of layers 1 and 2 replaced."""
    rows = []
    for seed in seeds_of(generator, seeds):
        sets = [
            ("none", 0, "none", 1),
            *(("layer", layer, one, layer) for layer in (1, 2) for one in REPLACEMENT_WORDS),
        ]
        for (scope, layer, one, first), other in itertools.product(sets, ("PR", "R")):
            family = "R" if other == "PR" else "PR"
            for read in range(first, layers + 2):
                rows.append((run, seed, scope, layer, one, read, family, other, generator.uniform(-1, 1)))
    return pd.DataFrame(rows, columns=list(COLUMNS["coefficients"]))


def restored(run, generator, seeds=None, kernels=0.9):
    """Return the table `restored`, with some probability of a run that has heads like a kernel."""
    rows = []
    count = len(seeds_of(generator, seeds))
    scopes = ["layer", "random", "model", "rest"] if generator.uniform() < kernels else ["rest"]
    for scope, replacement in itertools.product(scopes, ("kernel", "permuted", "flat")):
        centre = 0.8 if (scope, replacement) == ("layer", "kernel") else 0.2
        low, value, high = np.sort(centre + generator.uniform(-0.4, 0.4, 3) * generator.choice([0.2, 1.0]))
        rows.append((run, scope, replacement, value, low, high, count))
    return pd.DataFrame(rows, columns=list(COLUMNS["restored"]))


def linearity(run, generator, seeds=None, layers=6):
    """Return the table `linearity`: layers from the third on count; conjugate gradients may be at step 0."""
    rows = []
    found = seeds_of(generator, seeds)
    size = generator.choice([0.05, 0.1, 0.15])
    for seed, layer, method in itertools.product([-1, *found], range(1, layers + 2), ("layer", "CG")):
        counted = min(3, layers) <= layer <= layers
        for quantity in ("superposition", "rotation", "jacobian_change"):
            times = 3 if method == "CG" else 1
            low, value, high = np.sort(times * size * generator.uniform(0.7, 1.3, 3))
            if method == "CG" and generator.uniform() < 0.1:
                low = value = high = np.nan
            rows.append((run, seed, layer, counted, method, quantity, value, low, high))
    return pd.DataFrame(rows, columns=list(COLUMNS["linearity"]))


def degree(run, generator, seeds=None, layers=4, largest=12):
    """Return the table `degree`: layers need more products than their number, deep ones no more."""
    rows = []
    more = int(generator.integers(-1, 4))
    for seed, layer in itertools.product(seeds_of(generator, seeds), range(1, layers + 2)):
        needed = int(np.clip(min(layer, 3) + more + generator.integers(0, 2), 1, largest))
        for tried in range(1, largest + 1):
            rows.append((run, seed, layer, tried, 0.1 + 0.2 / tried, tried == needed))
    return pd.DataFrame(rows, columns=list(COLUMNS["degree"]))


def degree_trials(run, generator):
    """Return the table `degree_trials`, most degrees found at the lesser noise."""
    rows = []
    for group, known, noise in itertools.product(("PR", "Chebyshev"), range(1, 9), (0.15, 0.3)):
        missed = 2 * (generator.uniform() < noise / 2)
        rows.append((run, group, known, known, noise, known + missed))
    return pd.DataFrame(rows, columns=list(COLUMNS["degree_trials"]))


PROBES = [("raw", "label"), ("raw", "posterior_mean"), ("normed", "label"), ("normed", "posterior_mean")]


def probes(run, generator, seeds=None, layers=3):
    """Return the table `probes`: the last one is chosen."""
    rows = []
    for seed in seeds_of(generator, seeds):
        for place, (stream, target) in enumerate(PROBES):
            for layer in range(layers + 1):
                risk = (0.1 - 0.01 * place) / (1 + layer) * (1 + 0.1 * seed)
                rows.append((run, seed, stream, target, layer, risk, place == 3))
        rows.append((run, seed, "own", "own", layers, 0.001 * (1 + seed), False))
    return pd.DataFrame(rows, columns=list(COLUMNS["probes"]))


def probe_effects(run, generator, layers=3):
    """Return the table `probe_effects`; some numbers leave their interval, and best steps have none."""
    rows = []
    for (stream, target), solver in itertools.product(PROBES, SOLVERS):
        for statistic in ALIGNED:
            value = 0.5 + generator.uniform(-0.05, 0.05)
            rows.append((run, stream, target, solver, statistic, 0, value, value - 0.04, value + 0.04))
        for layer in range(1, layers + 1):
            rows.append((run, stream, target, solver, "best_step", layer, 3.0 * layer, np.nan, np.nan))
    return pd.DataFrame(rows, columns=list(COLUMNS["probe_effects"]))


def probe_attributions(run, generator, seeds=None, layers=3):
    """Return the table `probe_attributions`, with names that differ between probes."""
    rows = []
    for seed, (stream, target) in itertools.product(seeds_of(generator, seeds), PROBES):
        for layer in range(1, layers + 1):
            named = str(generator.choice(["PR", "none", "R", "undecided"]))
            rows.append((run, seed, stream, target, layer, named, named))
    return pd.DataFrame(rows, columns=list(COLUMNS["probe_attributions"]))


def mechanism_tables(run, generator, seeds, layers):
    """Return all tables of the studies of a run."""
    return {
        "heads": heads(run, generator, seeds, layers),
        "replacements": replacements(run, generator, seeds, layers),
        "coefficients": coefficients(run, generator, seeds, layers),
        "restored": restored(run, generator, seeds, kernels=1),
        "linearity": linearity(run, generator, seeds, layers),
        "degree": degree(run, generator, seeds, layers),
        "degree_trials": degree_trials(run, generator),
        "probes": probes(run, generator, seeds, layers),
        "probe_effects": probe_effects(run, generator, layers),
        "probe_attributions": probe_attributions(run, generator, seeds, layers),
    }
