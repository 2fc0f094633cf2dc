"""Share of the pseudo-layers of a family that the identification names rightly (docs/identification.md)."""

from ickrr.config.claim_terms import FamilyName
from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "share of pseudo-layers of {family} named rightly"
READS = ("trials",)


def estimate(question: Question, family: FamilyName) -> Interval:
    """Return the share; it is a count of all cases that were tried, and has no interval."""
    cases = question.pseudo_layers()
    share = float((cases.loc[cases["allowed"] == family, "named"] == family).mean())
    return Interval(share, share, share)
