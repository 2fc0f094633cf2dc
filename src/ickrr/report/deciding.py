"""The one condition that stands for a claim."""

from typing import Any

import pandas as pd


def deciding(conditions: pd.DataFrame) -> "pd.Series[Any]":
    """Return the condition that stands for a claim.

    Args:
        conditions: rows of the table `claims` that belong to one claim.
    """
    gate, rule = (conditions[conditions["part"] == part] for part in ("gate", "rule"))
    shut = gate[gate["outcome"] != "supported"]
    return (rule[rule["outcome"] == rule["verdict"]] if shut.empty else shut).iloc[0]
