"""How many products more the last layer needs than that of another run (docs/mechanism.md)."""

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "needed degree of the last layer minus that in {reference}"
READS = ("degree",)


def estimate(question: Question, reference: str) -> Interval:
    """Return the difference of the means over trainings; its ends are the extremes over pairs of trainings.

    Degrees are whole numbers, and two trainings of a depth are too few for an interval of their mean.
    """
    here, there = (
        needed.loc[needed["layer"] == needed["layer"].max(), "degree"]
        for needed in (question.of_run(run).needed_degrees() for run in (question.run, reference))
    )
    return Interval(
        float(here.mean() - there.mean()), float(here.min() - there.max()), float(here.max() - there.min())
    )
