"""All numbers of the paper's text, from the settings and the tidy tables."""

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.load import Tables
from ickrr.report.numbers.claims import claim_numbers
from ickrr.report.numbers.comparison import comparison_numbers
from ickrr.report.numbers.conjugate import conjugate_numbers
from ickrr.report.numbers.construction import construction_numbers
from ickrr.report.numbers.identification import identification_numbers
from ickrr.report.numbers.ledger import ledger_numbers
from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.mechanism import mechanism_numbers
from ickrr.report.numbers.operators import operator_numbers
from ickrr.report.numbers.runs import run_numbers


def all_numbers(experiment: Experiment, tables: Tables, claims: pd.DataFrame) -> Macros:
    """Return every macro of `ickrr.report.numbers.names`, but for those of the origin.

    Args:
        experiment: the resolved experiment.
        tables: the tidy tables, see `ickrr.report.load.Tables`.
        claims: the judged claims, one row for each condition.

    Raises:
        FileError: a table is missing or lacks a row.
        MacroError: two runs or claims get the same macro name.
    """
    macros = Macros()
    run_numbers(macros, experiment, tables)
    comparison_numbers(macros, experiment, tables)
    identification_numbers(macros, experiment, tables)
    mechanism_numbers(macros, experiment, tables)
    construction_numbers(macros, experiment, tables)
    conjugate_numbers(macros, experiment, tables)
    operator_numbers(macros, experiment, tables)
    claim_numbers(macros, claims)
    ledger_numbers(macros, claims)
    return macros
