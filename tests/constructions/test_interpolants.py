import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.constructions import interpolants

bounds = st.floats(0.1, 50)
units = st.integers(1, 60).map(lambda n: 2 * n)


def grid(low, high, count=20_001):
    return torch.linspace(low, high, count, dtype=torch.float64)


@given(bounds, units)
@settings(max_examples=40, deadline=None)
def test_square_error_is_one_sided_and_attained(bound, count):
    """Fails if the bound is wrong by a constant, in either direction, or the interpolant is below z^2."""
    z = grid(-bound, bound)
    error = interpolants.square(bound, count)(z) - z**2
    allowed = interpolants.square_error(bound, count)
    assert error.min() >= -1e-10 * bound**2
    assert error.max() <= allowed * (1 + 1e-9)
    assert error.max() >= 0.9 * allowed


@given(units)
@settings(max_examples=20, deadline=None)
def test_square_of_zero_is_zero(count):
    """Fails if 0 is no knot: the sink's norm and labels of 0 would not stay 0."""
    assert abs(float(interpolants.square(3.0, count)(torch.zeros(1, dtype=torch.float64)))) < 1e-13


@given(bounds, bounds, units)
@settings(max_examples=30, deadline=None)
def test_product_error(first, second, count):
    """Fails if the two squares' errors add up, or the scale does not balance the factors."""
    u, v = (bound * (2 * torch.rand(4000, dtype=torch.float64) - 1) for bound in (first, second))
    error = (interpolants.product(first, second, count)(u, v) - u * v).abs().max()
    assert error <= interpolants.product_error(first, second, count) * (1 + 1e-9)


@given(st.floats(1e-4, 0.5), st.integers(1, 400))
@settings(max_examples=40, deadline=None)
def test_reciprocal_error_is_relative_and_attained(low, count):
    """Fails if the knots are not geometric or the bound is not that of the chord."""
    z = grid(math.log(low), 0).exp().clamp(low, 1.0)
    error = interpolants.reciprocal(low, 1.0, count)(-z) * z - 1
    allowed = interpolants.reciprocal_error(low, 1.0, count)
    assert error.min() >= -1e-12
    assert error.max() <= allowed * (1 + 1e-6) + 1e-12
    assert error.max() >= 0.5 * allowed - 1e-12


@given(st.floats(0.01, 0.3), st.floats(0.31, 0.5), st.integers(3, 300))
@settings(max_examples=40, deadline=None)
def test_odds(low, high, count):
    """Fails if the bound misses, or the function goes on growing beyond its range."""
    function = interpolants.odds(low, high, count)
    z = grid(low, high)
    assert (function(z) - z / (1 - z)).abs().max() <= interpolants.odds_error(low, high, count) * (1 + 1e-9)
    beyond = function(grid(high, 1.0))
    assert float(beyond.max() - beyond.min()) < 1e-12
    assert float(beyond[0]) == pytest.approx(high / (1 - high))


@pytest.mark.parametrize(
    ("make", "function", "low", "high"),
    [
        (lambda m: interpolants.square(2.0, m), torch.square, -2.0, 2.0),
        (lambda m: interpolants.odds(0.1, 0.5, m), lambda z: z / (1 - z), 0.1, 0.5),
        (lambda m: interpolants.reciprocal(0.05, 1.0, m), lambda w: -1 / w, -1.0, -0.05),
    ],
)
def test_error_shrinks_with_the_square_of_the_units(make, function, low, high):
    """Fails if the exponent of the error is not -2."""
    z = grid(low, high, 100_003)
    sizes = [16, 64, 256]
    errors = [float((make(m)(z) - function(z)).abs().max()) for m in sizes]
    slope = math.log(errors[-1] / errors[0]) / math.log(sizes[-1] / sizes[0])
    assert slope == pytest.approx(-2, abs=0.15)


@given(bounds, st.floats(1e-8, 1e-2))
@settings(max_examples=30, deadline=None)
def test_units_suffice_and_are_few(bound, error):
    """Fails if the number of units does not reach the error, or half of them would."""
    for enough, reached in (
        (interpolants.square_units(bound, error), lambda m: interpolants.square_error(bound, m)),
        (interpolants.product_units(bound, 2.0, error), lambda m: interpolants.product_error(bound, 2.0, m)),
        (
            interpolants.reciprocal_units(0.01, 1.0, error),
            lambda m: interpolants.reciprocal_error(0.01, 1.0, m),
        ),
        (interpolants.odds_units(0.1, 0.5, error), lambda m: interpolants.odds_error(0.1, 0.5, m)),
    ):
        assert reached(enough) <= error * (1 + 1e-9)
        if enough > 8:
            assert reached(enough // 2) > error
