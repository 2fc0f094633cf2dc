"""`alignment` of a run over that of the reference run."""

from ickrr.config.claim_terms import OfSolver
from ickrr.report.intervals import Interval, ratio
from ickrr.report.statistics.alignment import estimate as alignment
from ickrr.report.statistics.question import Question

NAME = "{of} to {solver}, over that in {reference}"
READS = ("alignment",)


def estimate(question: Question, of: OfSolver, solver: str, reference: str) -> Interval:
    """Return the ratio of two runs, which count as independent.

    Raises:
        FileError: a table lacks the solver.
    """
    return ratio(alignment(question, of, solver), alignment(question.of_run(reference), of, solver))
