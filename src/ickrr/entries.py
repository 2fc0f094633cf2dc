"""What settings choose by name: kernels, laws of inputs, solvers, nulls, statistics; one module for each.

Such a module, an entry, holds everything specific to it. Defining ``NAME``, its name in text, is what makes a
module an entry. Nobody lists them: the schema asks for the names, and a job imports the entries that its
settings name and no others, so that adding one changes nothing that does not use it. Entries import torch,
pandas and numpy only inside their functions, since figures and the schema ask them for names and looks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from ickrr.io.files import files_below

ROOT: Final = Path(__file__).resolve().parent
PACKAGE: Final = "ickrr"
TEXTS: Final = frozenset({"NAME", "SHORT"})  # of what an entry defines
MODULE: Final = re.compile(r"[a-z]\w*\.py$")  # which "copy of x.py" is not
NAMED: Final = re.compile(r"^NAME\b", re.MULTILINE)


@dataclass(frozen=True)
class Entries:
    """The entries of one package, by name; in an ``Annotated[str, ..]`` of a settings class, those it allows.

    Args:
        package: dotted name of the package below this one.
        needs: what each of its modules must define; asked while the configuration is read (see `fault`), so
            that no figure is the first to miss it.
    """

    package: str
    needs: tuple[str, ...]

    def __iter__(self) -> Iterator[str]:
        return iter(_names(self.package))

    def __len__(self) -> int:
        return len(_names(self.package))

    def __contains__(self, name: object) -> bool:
        return name in _names(self.package)

    def dotted(self, name: str) -> str:
        """Return the dotted module of an entry, which the digest of its jobs must cover."""
        return f"{PACKAGE}.{self.package}.{name}"

    def load(self, name: str) -> ModuleType:
        """Import an entry.

        Raises:
            KeyError: there is none of this name.
        """
        if name not in self:
            raise KeyError(f"{self.package}: there is no '{name}', only {', '.join(self)}")
        return import_module(self.dotted(name))

    def fault(self, name: str) -> str | None:
        """Say what is wrong with the module of an entry; None where nothing is."""
        try:
            module = self.load(name)
        except Exception as error:  # whatever a module does when it is imported
            return f"cannot be imported ({type(error).__name__}: {error}); correct it"
        if lacking := [need for need in self.needs if not hasattr(module, need)]:
            return f"lacks {', '.join(lacking)}; define what the docstring of ickrr.{self.package} asks for"
        for text in (need for need in self.needs if need in TEXTS):
            found = getattr(module, text)
            if not isinstance(found, str) or not found.strip():
                return f"has the {text} {found!r}; give the text that tables and figures write"
        return None

    def check(self, name: str) -> str:
        """Return a name that is an entry's.

        Raises:
            PydanticCustomError: it is none; worded as pydantic words a value that is not among its literals.
        """
        if name in self:
            return name
        *others, last = [f"'{known}'" for known in self]
        expected = f"{', '.join(others)} or {last}"
        raise PydanticCustomError("literal_error", "Input should be {expected}", {"expected": expected})

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))


@cache
def _names(package: str) -> tuple[str, ...]:
    folder = ROOT.joinpath(*package.split("."))
    modules = [one for one in files_below(folder, {".py"}) if one.parent == folder and MODULE.match(one.name)]
    return tuple(one.stem for one in modules if NAMED.search(one.read_text("utf-8", errors="replace")))


KERNELS: Final = Entries("kernels", ("NAME", "POSITIVE", "covariance"))
LAWS: Final = Entries("laws", ("NAME", "LINE", "draw", "mean_square_norm"))
SOLVERS: Final = Entries("solvers", ("NAME", "SHORT", "PROPER", "LOOK", "flops_per_step", "iterate"))
NULLS: Final = Entries("nulls", ("NAME", "SHORT", "PROPER", "flops", "path"))
STATISTICS: Final = Entries("report.statistics", ("NAME", "READS", "estimate"))
