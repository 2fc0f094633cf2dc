"""Tables of the paper, one module each, and the registry of their names."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.report.tables.alignment import alignment_table
from ickrr.report.tables.setup import setup_table
from ickrr.report.tables.table import PaperTable

TABLES: Final[dict[str, Callable[[Experiment, Path], PaperTable]]] = {
    "tab_setup": setup_table,
    "tab_alignment": alignment_table,
}
