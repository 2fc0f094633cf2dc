r"""Turn LaTeX into plain text for the terminal, and find the numbers in it, however they are written.

``\ensuremath{3.1\times 10^{-4}}``, ``3.1e-4``, ``3.1x10^-4``, ``.98`` and ``1,024`` are numbers; so is what a
PDF viewer copies, with its own signs for minus and times.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, NamedTuple

SPACES: Final = re.compile(r"(?:\\[ ,;!]|~|\s)+")
COMMAND: Final = re.compile(r"\\([A-Za-z]+)\*?\s*")
SILENT: Final = re.compile(
    r"\\(?:scriptsize|footnotesize|ensuremath|emph|quad|midrule|allowbreak|text[a-z]{2,3}|math[a-z]{2})\b\s*"
)
DIGITS: Final = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+"
NUMBER: Final = re.compile(
    rf"""(?<![\w.^])(?P<sign>-)?(?:
        (?P<digits>{DIGITS})(?:[ ]?×[ ]?10\^?(?P<power>-?\d+)|[eE](?P<exponent>[-+]?\d+))?
        | 10\^(?P<ten>-?\d+)
    )(?![\w^])""",
    re.VERBOSE,
)


class Number(NamedTuple):
    """A number as it is printed: its value, and the value of one in its last digit."""

    value: Decimal
    unit: Decimal


def plain(latex: str) -> str:
    """Return LaTeX as plain text: commands are dropped or leave their name; powers read ``3.1×10^-4``."""
    text = latex.replace(r"\textbackslash{}", "\\").replace(r"\times", "×").replace("−", "-")
    text = SPACES.sub(" ", SILENT.sub("", text))
    text = re.sub(r"\\([%&#_$])", r"\1", re.sub(r"[{}]|(?<!\\)\$", "", COMMAND.sub(r"\1 ", text)))
    text = re.sub(r" ?× ?10 ?\^ ?", "×10^", text)
    return text.replace("---", "—").replace("--", "–").strip()


def numbers(text: str) -> Iterator[Number]:
    """Return the numbers in plain text."""
    return map(_number, NUMBER.finditer(text))


def only_number(text: str) -> Number | None:
    """Return the number that a text consists of, or None if it is not exactly one number."""
    found = NUMBER.fullmatch(plain(re.sub(r" ?[x*] ?10(?=\^|-)", "×10", text)))
    return _number(found) if found else None


def _number(found: re.Match[str]) -> Number:
    if found["ten"]:
        value = Decimal(1).scaleb(int(found["ten"]))
        unit = value
    else:
        digits = Decimal(found["digits"].replace(",", ""))
        exponent = int(found["power"] or found["exponent"] or 0)
        value = digits.scaleb(exponent)
        places = digits.as_tuple().exponent
        assert isinstance(places, int)  # only infinities have none
        unit = Decimal(1).scaleb(places + exponent)
    return Number(-value if found["sign"] else value, unit)
