"""Numbers and names as LaTeX: one place that rounds, so that text, tables and macros agree."""

import math
import re
from typing import Final

MISSING: Final = "n/a"
MOST_DECIMALS: Final = 5
SMALL: Final = 1e-3  # both ends of an interval below: powers of ten
_DIGITS: Final = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
_ESCAPES: Final = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def escape(text: str) -> str:
    """Escape the characters that LaTeX reads as commands."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def camel_case(name: str) -> str:
    """Turn an identifier into letters only, as macro names must be: ``noise_01`` -> ``NoiseZeroOne``."""
    spelled = re.sub(r"[0-9]", lambda digit: f"_{_DIGITS[int(digit.group())]}_", name)
    return "".join(part[0].upper() + part[1:] for part in re.split(r"[^A-Za-z]+", spelled) if part)


def decimals(value: float, low: float | None = None, high: float | None = None) -> int:
    """Return how many decimals to show.

    With an interval: as many as give its half-width two significant digits, since further digits of the
    value are noise. Without one, or with one of no width: three significant digits of the value.
    """
    scale, digits = abs(value), 3
    if low is not None and high is not None and math.isfinite(high - low) and high > low:
        scale, digits = (high - low) / 2, 2
    if scale == 0 or not math.isfinite(scale):
        return 0
    # Rounding may carry into a new digit (0.0998 -> 0.10), so the exponent is read after rounding.
    exponent = int(f"{scale:.{digits - 1}e}".split("e")[1])
    return max(0, digits - 1 - exponent)


def number(value: float, places: int | None = None) -> str:
    """Format one number for text or math mode.

    Args:
        value: the number; NaN gives "n/a", infinities their sign.
        places: decimals; three significant digits when absent. Integers never get any.

    Returns:
        Plain digits; a minus sign or a power of ten brings its own math mode.
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return r"\ensuremath{\infty}" if value > 0 else r"\ensuremath{-\infty}"
    if isinstance(value, int):
        return str(value) if value >= 0 else rf"\ensuremath{{{value}}}"
    if places is None:
        places = decimals(value)
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e5) and float(f"{value:.2e}") != 0:
        mantissa, exponent = f"{value:.2e}".split("e")
        return rf"\ensuremath{{{mantissa}\times 10^{{{int(exponent)}}}}}"
    return fixed(value, places)


def setting_number(value: float) -> str:
    """Format a setting exactly as it was given (0.3, 20, 1e-06), with no invented digits."""
    if isinstance(value, int):
        return number(value)
    mantissa, _, exponent = f"{value:.12g}".partition("e")
    if exponent:
        factor = "" if mantissa == "1" else rf"{mantissa}\times "
        return rf"\ensuremath{{{factor}10^{{{int(exponent)}}}}}"
    return rf"\ensuremath{{{mantissa}}}" if mantissa.startswith("-") else mantissa


def interval(low: float, high: float, places: int) -> str:
    """Format an interval, ``[low, high]``; "n/a" where an end is missing."""
    if math.isnan(low) or math.isnan(high):
        return MISSING
    return f"[{number(float(low), places)}, {number(float(high), places)}]"


def with_interval(value: float, low: float, high: float) -> str:
    """Format an estimate and its interval, ``value [low, high]``; the value alone where an end is missing.

    Plain decimals, also of a small number beside a large one, unless both ends are small.
    """
    if math.isnan(low) or math.isnan(high):
        return fixed(value, min(decimals(value), MOST_DECIMALS))
    if 0 < max(abs(low), abs(high)) < SMALL:
        return f"{number(value)} [{number(low)}, {number(high)}]"
    whole = all(end.is_integer() for end in (value, low, high))
    places = 0 if whole else min(decimals(value, low, high), MOST_DECIMALS)
    return f"{fixed(value, places)} [{fixed(low, places)}, {fixed(high, places)}]"


def summary_value(value: float, low: float, high: float) -> str:
    """Format a number of a summary table: one with equal ends is no estimate and has no interval."""
    if low == value == high:
        return number(int(value) if value.is_integer() else value)
    if value and max(abs(low), abs(high)) < SMALL:
        return _with_common_power(value, low, high)
    return with_interval(value, low, high)


def _with_common_power(value: float, low: float, high: float) -> str:
    exponent = math.floor(math.log10(abs(value)))
    middle, *ends = (f"{each / 10.0**exponent:.3g}" for each in (value, low, high))
    return rf"\ensuremath{{{middle}\,[{ends[0]},\,{ends[1]}]\times 10^{{{exponent}}}}}"


def fixed(value: float, places: int) -> str:
    """Format a number with so many decimals, however small it is; a zero has no sign."""
    if not math.isfinite(value):
        return number(value)
    text = f"{value:z.{places}f}"
    return rf"\ensuremath{{{text}}}" if text.startswith("-") else text


def joined(names: list[str]) -> str:
    """Join names as prose: ``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def ridge_name(scaling: str, value: float) -> str:
    """Name a ridge in LaTeX."""
    return rf"$\lambda={setting_number(value)}{'N' if scaling == 'scaled' else ''}$"
