"""Tables of the paper, one module each: ``build`` of ``ickrr.report.tables.<name>`` makes ``tab_<name>``.

Modules are found by name and imported when asked for, so that a table's code is its own module and what that
imports: an edit of one table leaves the others alone. A module names the tables that it reads in constants,
which `ickrr.config.paper_tables` describes: ``READS_OF_RUNS``, ``READS_OF_CONTROLS``, ``READS``
and their like.
"""

import pkgutil
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.errors import ConfigError
from ickrr.report.table import PaperTable

PREFIX: Final = "tab_"

Builder = Callable[[Experiment, Sequence[Path]], PaperTable]


def names() -> list[str]:
    """Return the names of all tables that can be made."""
    return sorted(PREFIX + module.name for module in pkgutil.iter_modules(__path__))


def module_name(table: str) -> str:
    """Return the dotted name of the module that makes a table."""
    return f"{__name__}.{table.removeprefix(PREFIX)}"


def builder(table: str) -> Builder:
    """Return the function that makes a table from the resolved experiment and the files that it may read.

    Raises:
        ConfigError: there is no such table.
    """
    if table not in names():
        raise ConfigError(
            f"tables.{table} is no table that the library can make; it must be one of {', '.join(names())}"
        )
    build: Builder = import_module(module_name(table)).build
    return build
