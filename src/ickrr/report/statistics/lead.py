"""By how much a solver is ahead of the best other one, in its paired differences."""

from ickrr.config.claim_terms import DIRECTION, Ranked
from ickrr.report.intervals import Interval, of_trainings, smallest
from ickrr.report.statistics.question import Question

NAME = "lead of {solver} in {of}"
READS = ("pairs", "matches")


def estimate(question: Question, of: Ranked, solver: str) -> Interval:
    """Return the lead of a solver.

    The estimate and both ends are the smallest over the other solvers, each turned so that positive is
    better: the interval lies above zero only if the solver beats every other one, and needs no correction
    for their number (an intersection-union test). Fewer than four trainings have no interval.

    Raises:
        FileError: the table lacks a pair.
    """
    from ickrr.report.verdicts import paired_difference

    pairs = question.table("pairs")
    found = []
    for other in question.solvers:
        if other != solver:
            value, low, high = paired_difference(pairs, of, solver, other)
            found.append(Interval(value, low, high) if DIRECTION[of] > 0 else Interval(-value, -high, -low))
    return of_trainings(smallest(found), question.trainings("matches"))
