"""What the text says of the ledger as a whole, and by how much each claim holds or fails."""

from typing import Final

import pandas as pd

from ickrr.report.deciding import deciding
from ickrr.report.formatting import camel_case, joined
from ickrr.report.numbers.macros import Macros

OURS: Final = "ours"


def ledger_numbers(macros: Macros, claims: pd.DataFrame) -> None:
    """Add the counts of the sources' claims and of ours, and the effect that decides each claim.

    Args:
        macros: where they are added.
        claims: the judged claims, one row for each condition.

    Raises:
        MacroError: two claims get the same macro name.
    """
    each = claims.drop_duplicates("claim")
    for name, chosen in (("Source", each["source"] != OURS), ("Own", each["source"] == OURS)):
        macros.add(f"{name}ClaimCount", str(int(chosen.sum())))
        macros.add(f"{name}ClaimVerdicts", counted(each.loc[chosen, "verdict"]))
    for claim, conditions in claims.groupby("claim", sort=False):
        row = deciding(conditions)
        macros.estimate(f"Claim{camel_case(str(claim))}Effect", row["value"], row["low"], row["high"])


def counted(verdicts: "pd.Series[str]") -> str:
    """Say how many claims there are of each verdict, the most frequent first."""
    parts = [
        f"{count} {'is' if count == 1 else 'are'} {word}" for word, count in verdicts.value_counts().items()
    ]
    return joined(parts) or "there are none"
