"""The verdicts of the ledger, so that no verdict in the text is typed."""

import pandas as pd

from ickrr.report.formatting import camel_case
from ickrr.report.judge import VERDICTS
from ickrr.report.numbers.macros import Macros


def claim_numbers(macros: Macros, claims: pd.DataFrame) -> None:
    """Add the verdicts.

    Args:
        macros: where they are added.
        claims: the judged claims, one row for each condition.

    Raises:
        MacroError: two claims get the same macro name.
    """
    each = claims.drop_duplicates("claim")
    for name, verdict in zip(each["claim"], each["verdict"], strict=True):
        macros.add(f"Claim{camel_case(name)}Verdict", verdict)
    macros.add("ClaimCount", str(len(each)))
    for verdict in VERDICTS:
        macros.add(f"Claim{camel_case(verdict)}Count", str(int((each["verdict"] == verdict).sum())))
