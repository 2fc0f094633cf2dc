"""Share of the layers of a built model that the identification names wrongly (docs/identification.md)."""

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "share of the built model's layers named wrongly"
READS = ("trials",)
OF_BUILT = True


def estimate(question: Question) -> Interval:
    """Return the share; it is a count of all of its layers that were tried, and has no interval.

    Raises:
        FileError: no built model was tried with the prompts of the run.
    """
    share = float(question.built_layers()["wrong"].mean())
    return Interval(share, share, share)
