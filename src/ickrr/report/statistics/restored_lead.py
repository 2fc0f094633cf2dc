"""By how much kernels restore more in heads that are like one than in as many other heads."""

import math

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question
from ickrr.report.statistics.restored_share import estimate as restored_share

NAME = "least lead of what kernels restore in heads like a kernel over as many others"
READS = ("restored",)


def estimate(question: Question) -> Interval:
    """Return the difference; its lower end is that of one interval minus the upper end of the other.

    The interval has no upper end, since the rule asks for two intervals apart and does not say what follows
    where they are not (docs/mechanism.md).
    """
    like = restored_share(question, "layer", "kernel")
    others = restored_share(question, "random", "kernel")
    low = like.low - others.high
    return Interval(like.value - others.value, low, math.nan if math.isnan(low) else math.inf)
