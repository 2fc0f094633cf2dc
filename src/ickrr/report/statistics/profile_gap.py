"""By what factor the error of a layer at a context length differs from that of a solver's nearest step."""

import math

from ickrr.report.intervals import Interval, over_trainings
from ickrr.report.profiles import profile_gaps
from ickrr.report.statistics.question import Question

NAME = "factor between the errors of layer and {solver} over context lengths"
READS = ("errors", "matches")


def estimate(question: Question, solver: str) -> Interval:
    """Return the factor, exp of the gap of `ickrr.report.profiles`, its interval over trainings.

    Raises:
        FileError: a table lacks the solver.
    """
    gap = over_trainings(profile_gaps(question, solver).tolist(), question.confidence)
    return Interval(*(math.exp(end) for end in gap))
