import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ickrr.report.formatting import (
    camel_case,
    decimals,
    escape,
    fixed,
    interval,
    joined,
    number,
    setting_number,
)

finite = st.floats(-1e8, 1e8, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-12)


def read(text):
    """Read a formatted number back, as TeX would show it."""
    power = re.fullmatch(r"\\ensuremath\{(-?[\d.]+)\\times 10\^\{(-?\d+)\}\}", text)
    if power:
        return float(power[1]) * 10.0 ** int(power[2])
    return float(re.sub(r"\\ensuremath\{(.*)\}", r"\1", text))


@given(finite)
def test_number_reads_back_to_three_digits(value):
    """Fails if rounding, the sign or the power of ten is wrong for any size of number."""
    assert read(number(value)) == pytest.approx(value, rel=5.1e-3, abs=1e-300)


@given(finite)
def test_setting_number_reads_back_exactly(value):
    """Fails if a setting loses digits that a person typed (up to twelve)."""
    text = setting_number(value).replace(r"\ensuremath{10^", r"\ensuremath{1\times 10^")
    assert read(text) == pytest.approx(value, rel=1e-11)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0072604, "0.00726"),
        (0.2471, "0.247"),
        (123.4, "123"),
        (-0.5, r"\ensuremath{-0.500}"),
        (3, "3"),
        (0.0, "0"),
        (1e-6, r"\ensuremath{1.00\times 10^{-6}}"),
        (float("nan"), "n/a"),
        (float("inf"), r"\ensuremath{\infty}"),
    ],
)
def test_number(value, text):
    """Fails if a number is shown in another way than the paper expects."""
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(1e-6, r"\ensuremath{10^{-6}}"), (0.3, "0.3"), (20, "20")])
def test_setting_number(value, text):
    """Fails if settings get digits that nobody typed."""
    assert setting_number(value) == text


@pytest.mark.parametrize(
    ("value", "low", "high", "places"),
    [(0.9213, 0.9180, 0.9245, 4), (0.9, 0.7, 1.1, 2), (31.2, 20.0, 45.0, 0), (0.5, 0.4, 0.5996, 2)],
)
def test_decimals_follow_the_interval(value, low, high, places):
    """Fails if a value has digits that its interval says are noise, or too few to see the interval."""
    assert decimals(value, low, high) == places


def test_an_interval_without_width_does_not_ask_for_infinite_digits():
    """Fails if equal ends (a censored share of 0 in every draw) break the formatting."""
    assert decimals(0.25, 0.25, 0.25) == 3
    assert decimals(0.0, 0.0, 0.0) == 0


def test_interval():
    """Fails if an undefined end is printed as a number."""
    assert interval(0.1, 0.2, 2) == "[0.10, 0.20]"
    assert interval(math.nan, 0.2, 2) == "n/a"


@given(st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True))
def test_camel_case_is_letters_only(name):
    """Fails if some run's name would make a macro name that TeX cannot read."""
    assert re.fullmatch("[A-Z][A-Za-z]*", camel_case(name))


def test_camel_case_spells_digits():
    """Fails if runs that differ in a digit share their macros."""
    assert camel_case("noise_01") == "NoiseZeroOne"
    assert camel_case("preconditioned_cg") == "PreconditionedCg"


def test_escape_and_joined():
    """Fails if text breaks LaTeX, or a list does not read as prose."""
    assert escape("50% of a_b & {c}") == r"50\% of a\_b \& \{c\}"
    assert joined([]) == ""
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        (-0.004, 2, "0.00"),
        (0.004, 2, "0.00"),
        (-0.006, 2, r"\ensuremath{-0.01}"),
        (2.5, 0, "2"),
        (float("nan"), 2, "n/a"),
    ],
)
def test_fixed_decimals_of_a_zero_have_no_sign(value, places, text):
    """Fails if a number that rounds to zero is printed as minus zero, or loses its decimals."""
    assert fixed(value, places) == text
