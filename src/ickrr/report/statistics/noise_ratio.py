"""MSE of a method under other noise over that of ridge regression with the ridge of that noise."""

from typing import TYPE_CHECKING

from ickrr.errors import FileError
from ickrr.report.intervals import Interval, widened
from ickrr.report.statistics.question import Question

if TYPE_CHECKING:
    import pandas as pd

NAME = "{method}, error over that of the best ridge, noise {factor} times that of training"
READS = ("noise",)


def estimate(question: Question, method: str, factor: float) -> Interval:
    """Return the ratio at the longest context, its interval over prompts widened by the spread over seeds.

    Raises:
        FileError: the table has no rows of the method at this factor.
    """
    rows = at_longest_context(question, method, factor)
    # Seeds share their prompts, so their intervals are averaged as if they moved together.
    value, low, high = rows[["ratio", "ratio_low", "ratio_high"]].mean(skipna=False).to_numpy(float)
    seed_sd = float(rows["ratio"].std(ddof=1))
    return widened(Interval(float(value), float(low), float(high)), seed_sd, len(rows), question.confidence)


def at_longest_context(question: Question, method: str, factor: float) -> "pd.DataFrame":
    """Return the rows of a method at one test noise and the longest context, one for each seed.

    Raises:
        FileError: the table has none.
    """
    import numpy as np

    noise = question.table("noise")
    rows: pd.DataFrame = noise[
        (noise["method"] == method)
        & np.isclose(noise["factor"], factor, rtol=1e-6)
        & (noise["context_length"] == noise["context_length"].max())
    ]
    if rows.empty:
        raise FileError(
            f"{question.file('noise')}: has no rows of method '{method}' at factor "
            f"{factor}, only of {sorted(noise['factor'].unique())}; use one of these in claims.yaml"
        )
    return rows
