"""Share of the pseudo-layers that the identification names wrongly (docs/identification.md)."""

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "share of pseudo-layers named wrongly"
READS = ("trials",)


def estimate(question: Question) -> Interval:
    """Return the share; it is a count of all cases that were tried, and has no interval."""
    share = float(question.pseudo_layers()["wrong"].mean())
    return Interval(share, share, share)
