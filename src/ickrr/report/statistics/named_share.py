"""Share of the layers that are named after a family of algorithms (docs/identification.md)."""

from ickrr.config.claim_terms import FamilyName
from ickrr.report.intervals import Interval, over_trainings
from ickrr.report.statistics.question import Question

NAME = "share of layers named {family}"
READS = ("attribution",)


def estimate(question: Question, family: FamilyName) -> Interval:
    """Return the share of the layers that count, its interval over trainings."""
    of_family = question.counted_layers()
    of_family = of_family[of_family["family"] == family]
    shares = (of_family["named"] == family).groupby(of_family["seed"]).mean()
    return over_trainings(shares.tolist(), question.confidence)
