r"""LaTeX macros, one a number: ``\newcommand{\Name}{text}``.

The paper uses a macro or fails to build: LaTeX stops at an undefined one. Names are letters only. Every
text is safe in and outside math mode, is never empty, and a value that does not exist reads "undefined".
"""

import re
from collections.abc import Iterator

from ickrr.errors import IckrrError
from ickrr.report.formatting import MISSING, decimals, interval, number, with_interval

UNDEFINED = "undefined"


class MacroError(IckrrError):
    """Two quantities want the same macro name, or a name is not letters."""


class Macros:
    """Macros by name, in the order in which they were added."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, name: str, text: str) -> None:
        """Add one macro.

        Raises:
            MacroError: the name is taken or is not letters only.
        """
        if not re.fullmatch("[A-Za-z]+", name):
            raise MacroError(f"macro name '{name}' is not letters only; rename the run or solver behind it")
        if name in self._texts:
            raise MacroError(
                f"macro name '{name}' is taken; two runs whose names differ only in signs ('a_1', 'a1') "
                "get the same macros: rename one in config.yaml"
            )
        self._texts[name] = UNDEFINED if text in (MISSING, "") else text

    def value(self, name: str, value: float) -> None:
        """Add one number with three significant digits (integers exactly)."""
        self.add(name, number(value))

    def estimate(self, name: str, value: float, low: float, high: float) -> None:
        """Add ``Name`` = "value [low, high]", and its parts ``NameValue``, ``NameLow`` and ``NameHigh``."""
        places = decimals(value, low, high)
        shown = number(float(value), places)
        alone = MISSING in (shown, interval(low, high, places))
        self.add(name, shown if alone else with_interval(value, low, high).replace(" [", r"\ [", 1))
        self.add(f"{name}Value", shown)
        self.add(f"{name}Low", number(float(low), places))
        self.add(f"{name}High", number(float(high), places))

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield names and texts."""
        yield from self._texts.items()

    def __getitem__(self, name: str) -> str:
        return self._texts[name]

    def latex(self) -> str:
        """Return the file that the paper reads."""
        return "".join(f"\\newcommand{{\\{name}}}{{{text}}}\n" for name, text in self.items())
