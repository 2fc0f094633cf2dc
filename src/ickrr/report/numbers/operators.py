"""Numbers of the attention operators and of the anchor in linear regression.

Levels inside a dial are in the figure alone. A gap has a word beside it: "farther", "closer", or "neither
clearly farther nor clearly closer". ``SilentDials`` says along which dials errors grow unseen.
"""

from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.config.operators import IN_DISTRIBUTION
from ickrr.report.formatting import camel_case, escape, joined, setting_number
from ickrr.report.load import Tables, load_other
from ickrr.report.numbers.macros import Macros

SILENT: Final = "silent"


def operator_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add all of them; nothing of what the configuration does not measure.

    Raises:
        FileError: a table is missing or lacks a column.
    """
    settings = experiment.operators
    macros.add("OperatorFitPrompts", setting_number(settings.fit_prompts))
    macros.add("OperatorPrompts", setting_number(settings.prompts))
    macros.add("OperatorDraws", setting_number(settings.bootstrap_draws))
    macros.add("OperatorLaw", escape(settings.other_law))
    for table in settings.summaries:
        part = "Operator" if table == "metarep/operators" else ""
        summary_numbers(macros, load_other(tables, table), part)


def summary_numbers(macros: Macros, summary: pd.DataFrame, part: str) -> None:
    """Add the estimates of one table of single numbers, but for levels inside a dial.

    Args:
        macros: where they are added.
        summary: columns ``quantity, subject, setting, value, low, high``.
        part: what stands between the names of subject and quantity.
    """
    for row in summary.to_dict("records"):
        quantity, setting = str(row["quantity"]), str(row["setting"])
        if quantity == SILENT or "=" in setting:
            continue
        where = "" if setting == IN_DISTRIBUTION else camel_case(setting)
        name = f"{camel_case(row['subject'])}{part}{camel_case(quantity)}{where}"
        macros.estimate(name, row["value"], row["low"], row["high"])
        if quantity.endswith("_gap") and quantity != "krr_gap":
            macros.add(f"{name}Word", gap_word(row["low"], row["high"]))
    verdicts = summary[summary["quantity"] == SILENT]
    for subject, rows in verdicts.groupby("subject", sort=False):
        silent = [str(dial) for dial in rows.loc[rows["value"] > 0, "setting"]]
        macros.add(
            f"{camel_case(str(subject))}{part}SilentDials", f"along {joined(silent) or 'none of them'}"
        )


def gap_word(low: float, high: float) -> str:
    """Say whether a control is farther from the kernel than the trained model, from the gap's interval."""
    if low > 0:
        return "farther"
    return "closer" if high < 0 else "neither clearly farther nor clearly closer"
