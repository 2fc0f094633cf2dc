"""Ridge of the kernel ridge regression nearest to the transformer, over that of training, by test noise."""

import math

from ickrr.report.intervals import Interval, widened
from ickrr.report.statistics.noise_ratio import at_longest_context
from ickrr.report.statistics.question import Question

NAME = "effective ridge over that of training, noise {factor} times that of training"
READS = ("noise",)


def estimate(question: Question, factor: float) -> Interval:
    """Return the ridge at the longest context: geometric mean over seeds, and its interval.

    The interval over prompts is widened by the spread over seeds, both in the logarithm.

    Raises:
        FileError: the table has no rows at this factor.
    """
    import numpy as np

    rows = at_longest_context(question, "transformer", factor)
    logs = np.log(rows[["ridge", "ridge_low", "ridge_high"]].to_numpy(float))  # (seeds, 3)
    value, low, high = logs.mean(axis=0)
    seed_sd = float(logs[:, 0].std(ddof=1)) if len(rows) > 1 else math.nan
    found = widened(Interval(float(value), float(low), float(high)), seed_sd, len(rows), question.confidence)
    return Interval(*(math.exp(end) for end in found))
