"""Median distance of the layers to a solver, over that in the reference run."""

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "median distance to {solver}, over that in {reference}"
READS = ("matches",)


def estimate(question: Question, solver: str, reference: str) -> Interval:
    """Return the ratio of two runs, of the median over the layers that count in each training.

    A layer that is not finite is infinitely far away. The value is the ratio of the medians over trainings;
    the ends are those of the most and the least favourable pair of trainings, so that one that differs from
    the others widens the interval and does not move the value.

    Raises:
        FileError: a table lacks the solver.
    """
    import numpy as np

    own, other = (_medians(each, solver) for each in (question, question.of_run(reference)))
    return Interval(
        float(np.median(own) / np.median(other)), float(min(own) / max(other)), float(max(own) / min(other))
    )


def _medians(question: Question, solver: str) -> list[float]:
    import numpy as np

    rows = question.counted_matches(solver)
    far = rows["distance"].fillna(np.inf)
    return [float(np.median(layers)) for _, layers in far.groupby(rows["seed"])]
