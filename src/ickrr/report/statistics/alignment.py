"""One statistic of the alignment of a solver with the layers."""

from ickrr.report.intervals import Interval, widened
from ickrr.report.statistics.question import Question

NAME = "{of} of {solver}"
READS = ("alignment",)


def estimate(question: Question, of: str, solver: str) -> Interval:
    """Return the statistic, its interval over prompts widened by the spread over seeds.

    Raises:
        FileError: the table lacks the solver.
    """
    from ickrr.report.load import estimate as value_of

    table = question.table("alignment")
    value, low, high, seed_sd = value_of(table, solver, of)
    seeds = int(table["seeds"].iloc[0])
    return widened(Interval(value, low, high), seed_sd, seeds, question.confidence)
