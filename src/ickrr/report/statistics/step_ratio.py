"""Nearest step of a solver at the same layers, over that in the reference run."""

from ickrr.report.intervals import Interval, over_seeds, ratio
from ickrr.report.statistics.question import Question

NAME = "nearest step of {solver} at the same layers, over that in {reference}"
READS = ("matches",)


def estimate(question: Question, solver: str, reference: str) -> Interval:
    """Return the ratio of the mean steps over the layers that both runs have, which count as independent.

    Raises:
        FileError: a table lacks the solver.
    """
    both = [each.matches(solver) for each in (question, question.of_run(reference))]
    shared = min(int(rows["layer"].max()) for rows in both)
    steps = (rows[rows["layer"] <= shared].groupby("seed")["nearest_step"].mean() for rows in both)
    return ratio(*(over_seeds(of_run.tolist(), question.confidence) for of_run in steps))
