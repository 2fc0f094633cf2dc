"""LaTeX as a person reads it, and numbers however they are written."""

from decimal import Decimal

import pytest

from ickrr.report.plain import numbers, only_number, plain


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.98249", "0.98249"),
        (".98249", "0.98249"),
        ("1,024", "1024"),
        ("12,345,678.5", "12345678.5"),
        ("-0.0293", "-0.0293"),
        ("−0.0293", "-0.0293"),
        ("3.1e-4", "0.00031"),
        ("3.1E-04", "0.00031"),
        (r"3.1\times10^{-4}", "0.00031"),
        (r"\ensuremath{3.10\times 10^{-4}}", "0.00031"),
        (r"$-3.1 \times 10^{-4}$", "-0.00031"),
        ("3.1 × 10−4", "0.00031"),
        ("3.1x10^-4", "0.00031"),
        (r"\ensuremath{10^{-6}}", "0.000001"),
    ],
)
def test_a_number_in_any_writing(written: str, value: str) -> None:
    """Fails if a number is not found as it is printed, typed or copied from the PDF."""
    number = only_number(written)
    assert number is not None
    assert number.value == Decimal(value)


@pytest.mark.parametrize("text", ["", "abc", "1,02", "1 2", "0.5 to 0.7", "2d", "1.2.3", "%"])
def test_what_is_no_number(text: str) -> None:
    """Fails if a part of what was asked for is taken for the number."""
    assert only_number(text) is None


def test_the_last_digit_counts() -> None:
    """Fails if zeros at the end are lost, which say how a number was rounded."""
    units = [number.unit for number in numbers(plain(r"0.980, 3.10\times 10^{-4}, 8, 1,024"))]
    assert units == [Decimal("0.001"), Decimal("0.000001"), 1, 1]


def test_latex_as_text() -> None:
    """Fails if commands, braces or escapes are shown to people, or a number loses its sign or power."""
    row = r"\quad \textbf{\texttt{no\_mlp}} & {\scriptsize [\ensuremath{-1.50}, 3.00]} & 28.9\,\% & {--} \\"
    assert plain(row) == r"no_mlp & [-1.50, 3.00] & 28.9 % & – \\"
    assert plain(r"\ensuremath{4.95\times 10^{-5}}") == "4.95×10^-5"
