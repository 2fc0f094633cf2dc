"""`alignment` of a run minus that of the reference run."""

from ickrr.config.claim_terms import OfSolver
from ickrr.report.intervals import Interval, difference
from ickrr.report.statistics.alignment import estimate as alignment
from ickrr.report.statistics.question import Question

NAME = "{of} of {solver}, minus that in {reference}"
READS = ("alignment",)


def estimate(question: Question, of: OfSolver, solver: str, reference: str) -> Interval:
    """Return the difference of two runs, which count as independent.

    Raises:
        FileError: a table lacks the solver.
    """
    return difference(alignment(question, of, solver), alignment(question.of_run(reference), of, solver))
