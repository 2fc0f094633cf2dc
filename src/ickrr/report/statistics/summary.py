"""One row of a table that holds one number a row; it belongs to no run."""

from ickrr.errors import FileError
from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "{quantity}"
READS = ()


def estimate(question: Question, table: str, quantity: str, subject: str, setting: str) -> Interval:
    """Return the number and its interval; a number without one has equal ends.

    Raises:
        FileError: the table has no such row, or several.
    """
    from ickrr.report.load import load_summary

    rows = load_summary(question.tables, table)
    of_quantity = rows[rows["quantity"] == quantity]
    found = of_quantity[(of_quantity["subject"] == subject) & (of_quantity["setting"] == setting)]
    if len(found) != 1:
        there = sorted(
            {f"'{one}', '{other}'" for one, other in of_quantity[["subject", "setting"]].to_numpy()}
        )
        known = (
            f"of subject and setting {'; '.join(there)}" if there else f"of {sorted(set(rows['quantity']))}"
        )
        raise FileError(
            f"{question.file(table)}: has {len(found)} rows of quantity '{quantity}', subject "
            f"'{subject}', setting '{setting}', expected 1; it has rows {known}; use one of these in "
            "claims.yaml"
        )
    value, low, high = found[["value", "low", "high"]].to_numpy(float)[0]
    return Interval(float(value), float(low), float(high))
