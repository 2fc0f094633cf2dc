"""Share of the layers that some predictor without iteration explains alone (docs/identification.md)."""

from typing import Final

from ickrr.config.claim_terms import FamilyName
from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question
from ickrr.report.statistics.survival_share import explained_share

NAME = "share of layers that a closed form explains alone"
READS = ("attribution",)

CLOSED_FORMS: Final[tuple[FamilyName, ...]] = ("ridge", "PR closed", "smoother")


def estimate(question: Question) -> Interval:
    """Return the share of the layers that count that are compatible with a closed form, over trainings."""
    return explained_share(question, CLOSED_FORMS)
