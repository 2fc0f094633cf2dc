"""Partial coefficients against least squares on all columns at once, draw by draw, and their invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.comparison.bootstrap import resample_weights
from ickrr.identification.partial import Coefficient, Encompassing, encompassing, orthonormal, raw_weight

PROMPTS, LENGTHS = 9, 4
WEIGHTS = resample_weights(PROMPTS, 40, 0)


def columns(seed, count):
    return list(np.random.default_rng(seed).standard_normal((count, PROMPTS, LENGTHS)))


def test_coefficients_are_those_of_least_squares_in_every_draw():
    """Fails if a coefficient is not that of the joint fit on the prompts, each repeated as drawn."""
    layer, first, second, *nuisances = columns(0, 7)
    found = encompassing(layer, first, second, nuisances, WEIGHTS, 0.95)
    design = np.stack([first, second, *nuisances], axis=-1)
    for draw, weights in enumerate(WEIGHTS):
        rows = np.repeat(np.arange(PROMPTS), np.rint(weights * PROMPTS).astype(int))
        fit = np.linalg.lstsq(design[rows].reshape(-1, 6), layer[rows].ravel(), rcond=None)[0]
        values = [one.value if draw == 0 else one.draws[draw - 1] for one in (found.first, found.second)]
        np.testing.assert_allclose(values, fit[:2], atol=1e-9)


def test_left_is_the_share_of_the_difference_that_nothing_else_explains():
    """Fails if the variance left is not the residual of q_B - q_A on q_A and the nuisances, over its size."""
    layer, first, second, *nuisances = columns(1, 6)
    found = encompassing(layer, first, second, nuisances, WEIGHTS, 0.95)
    difference = (second - first).ravel()
    design = np.stack([first, *nuisances], axis=-1).reshape(-1, 4)
    rest = difference - design @ np.linalg.lstsq(design, difference, rcond=None)[0]
    assert found.second.left == pytest.approx((rest @ rest) / (difference @ difference))


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(0, 100))
def test_known_mixtures_are_read_exactly(a, b, seed):
    """Fails if a q_A + b q_B plus any nuisances is not read as (a, b)."""
    first, second, *nuisances = columns(seed, 6)
    layer = a * first + b * second + sum((k - 2.0) * z for k, z in enumerate(nuisances))
    found = encompassing(layer, first, second, nuisances, WEIGHTS, 0.95)
    assert (found.first.value, found.second.value) == pytest.approx((a, b), abs=1e-8)


def test_dependent_nuisances_change_nothing():
    """Fails if a nuisance that the others span, or one that is zero, moves a coefficient or makes it NaN."""
    layer, first, second, *nuisances = columns(2, 6)
    plain = encompassing(layer, first, second, nuisances, WEIGHTS, 0.95)
    more = [*nuisances, nuisances[0] - 2 * nuisances[1], np.zeros_like(layer), 1e-9 * nuisances[2]]
    again = encompassing(layer, first, second, more, WEIGHTS, 0.95)
    np.testing.assert_allclose(again.second.draws, plain.second.draws, atol=1e-9)


def test_a_basis_is_orthonormal_and_spans_its_columns():
    """Fails if nearly dependent columns spoil orthogonality."""
    vectors = columns(3, 5)
    vectors.append(vectors[0] + 1e-5 * vectors[1] + 1e-6 * columns(4, 1)[0])
    basis = orthonormal(vectors)
    np.testing.assert_allclose(basis.T @ basis, np.eye(6), atol=1e-12)
    rest = vectors[5].ravel() - basis @ (basis.T @ vectors[5].ravel())
    assert np.abs(rest).max() < 1e-12


def test_candidates_that_nothing_tells_apart_have_no_power():
    """Fails if equal candidates, or one that the nuisances span, give an error or a number."""
    layer, first, second, *nuisances = columns(6, 5)
    for other, spans in ((first, nuisances), (second, [*nuisances, second]), (0 * first, nuisances)):
        found = encompassing(layer, first, other, spans, WEIGHTS, 0.95)
        assert np.isnan(found.second.value)
        assert found.verdict() == "no power"


def test_a_nuisance_that_one_prompt_carries():
    """Fails if draws without that prompt are singular instead of fitted without the column."""
    layer, first, second, *nuisances = columns(7, 4)
    nuisances[0][1:] = 0
    found = encompassing(layer, first, second, nuisances, WEIGHTS, 0.95)
    without = WEIGHTS[:, 0] == 0
    assert without.any()
    plain = encompassing(layer, first, second, [np.zeros_like(layer)], WEIGHTS, 0.95)
    np.testing.assert_allclose(found.second.draws[without[1:]], plain.second.draws[without[1:]], atol=1e-9)


def test_raw_weight_reads_the_point_between():
    """Fails if the weight of a point between the candidates is not its place."""
    first, second = columns(5, 2)
    assert raw_weight(first + 0.3 * (second - first), first, second) == pytest.approx(0.3)


def of(low, high):
    return Coefficient((low + high) / 2, low, high, 0.5, np.array([low, high]))


@pytest.mark.parametrize(
    ("first", "second", "verdict"),
    [
        ((-0.1, 0.2), (0.8, 1.2), "B encompasses A"),
        ((0.8, 1.2), (-0.1, 0.2), "A encompasses B"),
        ((-0.1, 0.1), (-0.1, 0.1), "neither"),  # a null
        ((0.45, 0.55), (0.45, 0.55), "neither"),  # half and half
        ((-1.2, -0.8), (0.9, 1.5), "neither"),  # carries q_B, but less of q_A than nothing
        ((0.01, 0.02), (0.97, 0.98), "B encompasses A"),  # narrow intervals need not hit 0 and 1
        ((-0.9, 0.3), (0.8, 1.2), "B encompasses A"),  # wide, but not to where 1 is
        ((-0.1, 0.2), (0.2, 1.0), "no power"),
        ((-0.1, 0.8), (0.8, 1.2), "no power"),
        ((-3.0, -0.5), (0.8, 1.2), "neither"),
        ((np.nan, np.nan), (0.8, 1.2), "no power"),
        ((0.1, 0.2), (1.3, 1.5), "neither"),  # beyond the margin
    ],
)
def test_verdicts(first, second, verdict):
    """Fails if a verdict differs from the rule in docs/identification.md."""
    assert Encompassing(of(*first), of(*second)).verdict() == verdict
