"""Pseudo-layers of known degree, and the rows of layers."""

import numpy as np
import pytest

from ickrr.config.degree import DegreeSettings
from ickrr.config.probe import ProbeSettings
from ickrr.identification.degree import polynomial_columns
from ickrr.identification.degree_trials import (
    CHEBYSHEV,
    NEAREST,
    RICHARDSON,
    KnownSide,
    degree_rows,
    degree_trials,
)
from ickrr.identification.pseudo import Side
from ickrr.identification.spectra import iterated, penalised, row_sum_weights, spectrum

LENGTHS = slice(3, 11)


def known_side(problem, seed):
    system = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights)
    # A stream of eight dimensions leaves others free, in which a signal can be read without noise.
    places = np.random.default_rng(9).standard_normal((8, 24))
    stream = np.random.default_rng(seed).standard_normal((*problem.y.shape, 8)) @ places
    return KnownSide(system, Side(stream, problem.y))


@pytest.fixture(scope="module")
def sides(make_problem):
    fit, evaluation = (make_problem(prompts=300, context_length=10, seed=seed) for seed in (0, 1))
    return known_side(fit, 0), known_side(evaluation, 1)


def test_known_degrees_are_found_without_noise(sides):
    """Fails if a pseudo-layer holds another number of products than it is said to."""
    settings = DegreeSettings(largest=8, known=[1, 2, 4], noises=[0.001], margin=0.002)
    rows = list(degree_trials(*sides, LENGTHS, ProbeSettings(), settings))
    assert {row["group"] for row in rows} == {RICHARDSON, NEAREST, CHEBYSHEV}
    for row in rows:
        assert abs(row["found"] - row["exact"]) <= 1 and row["exact"] <= row["degree"], row
    hard = [row for row in rows if row["group"] == CHEBYSHEV]
    assert [row["found"] for row in hard] == [1, 2, 4]


def test_signals_are_the_nearest_polynomials(sides):
    """Fails if the polynomial is not the best of its degree for the posterior mean on the fit prompts."""
    system = sides[0].spectrum
    columns, wanted = polynomial_columns(system, 3), system.predict(penalised(0.0))
    weights = np.linalg.lstsq(columns.reshape(-1, 3), wanted.ravel(), rcond=None)[0]
    best = np.linalg.norm(columns @ weights - wanted)
    assert best < min(np.linalg.norm(system.predict(iterated(3)) * scale - wanted) for scale in (0.9, 1, 1.1))


def test_rows_of_layers_mark_the_needed_degree(sides):
    """Fails if a layer has another number, or none or two degrees are needed."""
    system = sides[1].spectrum.restricted(LENGTHS)
    layers = np.stack([system.predict(iterated(steps)) for steps in (2, 3)])
    rows = list(degree_rows(system, layers, DegreeSettings(largest=6, margin=1e-6), start=5))
    assert [(row["layer"], row["degree"]) for row in rows if row["needed"]] == [(5, 2), (6, 3)]
    assert [row["degree"] for row in rows] == [1, 2, 3, 4, 5, 6] * 2
