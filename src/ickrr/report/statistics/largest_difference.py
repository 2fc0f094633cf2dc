"""Largest paired difference between any two solvers."""

from itertools import permutations

from ickrr.config.claim_terms import OfSolver
from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "largest difference in {of} between two solvers"
READS = ("pairs",)


def estimate(question: Question, of: OfSolver) -> Interval:
    """Return the largest difference; the estimate and both ends are each the largest.

    Raises:
        FileError: the table lacks a pair.
    """
    import numpy as np

    from ickrr.report.verdicts import paired_difference

    pairs = question.table("pairs")
    found = [
        paired_difference(pairs, of, first, second) for first, second in permutations(question.solvers, 2)
    ]
    return Interval(*(float(end) for end in np.max(found, axis=0)))
