"""Rows of a summary table: `quantity, subject, setting, value, low, high`.

`ickrr.config.summaries` says which rows each table has.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

QUANTILES: Final = (0.1, 0.5, 0.9)

Row = dict[str, object]


def supremum(quantity: str, subject: str, setting: str, value: float) -> Row:
    """Return the row of a number that is no estimate: a largest value, a count."""
    return estimate(quantity, subject, setting, value, value, value)


def estimate(quantity: str, subject: str, setting: str, value: float, low: float, high: float) -> Row:
    """Return the row of a number with an interval."""
    return {
        "quantity": quantity,
        "subject": subject,
        "setting": setting,
        "value": float(value),
        "low": float(low),
        "high": float(high),
    }


def quantiles(quantity: str, subject: str, setting: str, values: npt.ArrayLike) -> Row:
    """Return the row of a median, with the 10 % and 90 % quantiles for its ends."""
    low, middle, high = np.quantile(np.asarray(values, dtype=float), QUANTILES)
    return estimate(quantity, subject, setting, float(middle), float(low), float(high))
