"""By how much a solver's errors over context lengths are nearer to those of the layers than any other's."""

from ickrr.report.intervals import Interval, over_trainings, smallest
from ickrr.report.profiles import profile_gaps
from ickrr.report.statistics.question import Question

NAME = "lead of {solver} in errors over context lengths"
READS = ("errors", "matches")


def estimate(question: Question, solver: str) -> Interval:
    """Return the lead in the gap of `ickrr.report.profiles`, paired by training; positive is nearer.

    As in `lead`, the estimate and both ends are the smallest over the other solvers.

    Raises:
        FileError: a table lacks a solver.
    """
    own = profile_gaps(question, solver)
    found = [
        over_trainings((profile_gaps(question, other) - own).tolist(), question.confidence)
        for other in question.solvers
        if other != solver
    ]
    return smallest(found)
