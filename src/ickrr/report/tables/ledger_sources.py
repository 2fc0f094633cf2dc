"""Table of the claims of the examined paper, one row each: what decides it, its value, its verdict."""

from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.report.ledger_rows import ledger_table
from ickrr.report.load import Tables, load_other
from ickrr.report.table import PaperTable

SOURCES: Final = ("abstract", "review", "summary")


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table.

    Args:
        experiment: not read; every table has the same signature.
        tables: the table ``claims.parquet``.

    Returns:
        One row a claim, the columns of `ickrr.report.ledger_rows.COLUMNS`; LaTeX as a `tabular`.

    Raises:
        FileError: the judged claims are missing or not theirs.
    """
    del experiment
    return ledger_table(load_other(tables, "claims"), SOURCES)
