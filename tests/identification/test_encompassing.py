"""Encompassing coefficients against least squares by NumPy, on random columns and on refitted resamples."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.identification.encompassing import additions

PROMPTS, LENGTHS = 40, 5
FAMILIES = ("X", "Y", "V")


def drawn(seed, tangents=2):
    """Draw three families with tangents, and nuisances of which one belongs to Y."""
    generator = np.random.default_rng(seed)

    def column():
        return generator.standard_normal((PROMPTS, LENGTHS)) * np.exp(generator.normal())

    fitted = {
        name: SimpleNamespace(prediction=column(), tangents=[column() for _ in range(tangents)])
        for name in FAMILIES
    }
    return fitted, {"": [column()], "Y": [column()]}, column


def design(fitted, nuisances, first, second):
    """Return the columns of the pair (first, second), that of `second` last."""
    columns = [fitted[first].prediction, *fitted[first].tangents]
    columns += [column for owner, some in nuisances.items() if owner != second for column in some]
    return np.stack([column.ravel() for column in (*columns, fitted[second].prediction)], axis=1)


def test_coefficients_are_those_of_least_squares():
    """Fails if a coefficient is not that of the joint fit, or a nuisance of Y is kept where Y is added."""
    fitted, nuisances, column = drawn(0)
    layer = column()
    found = additions(layer, fitted, nuisances)
    assert len(found) == 6
    for (first, second), one in found.items():
        expected = np.linalg.lstsq(design(fitted, nuisances, first, second), layer.ravel(), rcond=None)[0]
        assert one.value == pytest.approx(expected[-1], abs=1e-10)


def test_influence_is_that_of_leaving_a_prompt_out():
    """Fails if a prompt's influence is not close to how far b moves without it; the jackknife is exact."""
    fitted, nuisances, column = drawn(1)
    layer = column()
    one = additions(layer, fitted, nuisances)["X", "Y"]
    columns = design(fitted, nuisances, "X", "Y")
    moved = []
    for prompt in range(PROMPTS):
        rows = np.arange(PROMPTS * LENGTHS) // LENGTHS != prompt
        moved.append(one.value - np.linalg.lstsq(columns[rows], layer.ravel()[rows], rcond=None)[0][-1])
    assert np.corrcoef(moved, one.influence)[0, 1] > 0.98
    assert np.linalg.norm(one.influence) == pytest.approx(np.linalg.norm(moved), rel=0.1)
    low, high = one.interval(0.95)
    assert (high - low) / 2 == pytest.approx(1.96 * np.linalg.norm(one.influence), rel=1e-3)


@settings(deadline=None, max_examples=20)
@given(st.floats(-3, 3), st.integers(0, 100))
def test_known_mixtures_are_read_exactly(share, seed):
    """Fails if X plus a share of Y, moved along tangents of X and nuisances, is not read as the share."""
    fitted, nuisances, _ = drawn(seed)
    layer = fitted["X"].prediction + share * fitted["Y"].prediction
    layer = layer - 2 * fitted["X"].tangents[1] + 3 * nuisances[""][0]
    one = additions(layer, fitted, nuisances)["X", "Y"]
    assert one.value == pytest.approx(share, abs=1e-8)


def test_what_another_family_spans_adds_nothing():
    """Fails if a family that the other one spans gets a coefficient instead of NaN."""
    fitted, nuisances, column = drawn(2)
    fitted["Y"].prediction = 2 * fitted["X"].prediction - fitted["X"].tangents[0]
    one = additions(column(), fitted, nuisances)["X", "Y"]
    assert np.isnan(one.value)
    assert one.left == 0
    assert np.isnan(one.interval(0.95)).all()


def test_dependent_columns_change_nothing():
    """Fails if a tangent that is zero, or one that the others span, moves a coefficient."""
    fitted, nuisances, column = drawn(3)
    layer = column()
    before = additions(layer, fitted, nuisances)["X", "Y"]
    fitted["X"].tangents += [np.zeros_like(layer), fitted["X"].tangents[0] - 2 * nuisances[""][0]]
    after = additions(layer, fitted, nuisances)["X", "Y"]
    assert after.value == pytest.approx(before.value, abs=1e-8)
    assert after.left == pytest.approx(before.left, abs=1e-8)
