"""Tolerances and conclusions against NumPy, on numbers whose spread is known."""

import math

import numpy as np
import pandas as pd
import pytest

from ickrr.verification.agreement import agreements, conclusions, spreads

SOLVERS = ("preconditioned_richardson", "richardson")
LAYERS = 4


def trainings(values, quantity="distance", subject="richardson", run="spherical"):
    """Return values of seeds 0, 1, ..., (seeds, layers), in long form."""
    rows = [
        (run, quantity, subject, layer, seed, value)
        for seed, layers in enumerate(values)
        for layer, value in enumerate(layers, start=1)
    ]
    return pd.DataFrame(rows, columns=["run", "quantity", "subject", "layer", "seed", "value"])


REFERENCE = np.random.default_rng(0).normal(0.5, 0.05, (3, LAYERS))
SPREAD = math.sqrt(REFERENCE.var(axis=0, ddof=1).mean())


def judged(moved, reference=REFERENCE, **kind):
    """Judge a training of seed 0 that differs from the reference by `moved`, by layer."""
    theirs = trainings(reference, **kind)
    here = trainings([reference[0] + moved], **kind)
    (found,) = agreements(theirs, here, 0, spreads(theirs))
    return found


@pytest.mark.parametrize(("share", "inside"), [(0.99, True), (1.01, False), (-0.99, True), (-1.01, False)])
def test_the_tolerance_is_that_of_two_trainings(share, inside):
    """Fails if the tolerance is not 2 sqrt(2) standard deviations, pooled over layers."""
    found = judged(np.full(LAYERS, share * 2 * math.sqrt(2) * SPREAD))
    assert found.tolerance == pytest.approx(2 * math.sqrt(2) * SPREAD)
    assert found.inside == inside
    assert found.deviation == pytest.approx(abs(share) * found.tolerance)


def test_layers_are_judged_together():
    """Fails if one layer at twice the tolerance is outside, or its sign cancels with that of another."""
    limit = 2 * math.sqrt(2) * SPREAD
    assert judged(limit * np.array([1.9, 0, 0, 0])).inside
    assert not judged(limit * np.array([1.5, -1.5, 1.5, -1.5])).inside


def test_a_small_spread_has_the_measured_tolerance():
    """Fails if trainings that happen to agree to the last digit leave no room for another machine."""
    steps = np.tile([1.0, 7.0, 14.0, 24.0], (3, 1))
    assert judged(np.full(LAYERS, 3.9), steps, quantity="best_step").inside
    assert not judged(np.full(LAYERS, 4.1), steps, quantity="best_step").inside


def test_what_one_side_lacks_is_counted_and_never_agrees_alone():
    """Fails if a censored layer is compared as if it were known, or nothing at all agrees with something."""
    moved = np.array([0.0, np.nan, 0.0, 0.0])
    found = judged(moved)
    assert (found.undecided, found.deviation) == (1, 0.0)
    assert not judged(np.full(LAYERS, np.nan)).inside


def both(risk, distances):
    """Return numbers of one seed: its risk, and the distance of each solver."""
    risks = trainings([[math.log(risk)]], "excess_risk", "")
    solvers = [trainings([[value]], "distance", name) for name, value in zip(SOLVERS, distances, strict=True)]
    return pd.concat([risks, *solvers], ignore_index=True)


@pytest.mark.parametrize(
    ("here", "answers"),
    [
        (both(0.010, (0.20, 0.30)), [True, True]),
        (both(0.012, (0.20, 0.30)), [False, True]),  # above a twentieth of .224
        (both(0.010, (0.30, 0.20)), [True, False]),  # another solver leads
        (both(0.010, (0.2005, 0.2000)), [True, True]),  # as it does here, by less than trainings differ
    ],
)
def test_conclusions(here, answers):
    """Fails if a gate that is missed or another leader agrees, or a lead within the tolerance does not."""
    reference = both(0.011, (0.20, 0.22))
    compared = agreements(reference, here, 0, spreads(reference))
    found = conclusions(reference, here, 0, 0.224, compared)
    assert [one.agrees for one in found] == answers
    assert found[1].reference.startswith("preconditioned_richardson")
