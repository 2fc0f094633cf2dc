"""Share of the layers that some predictor without iteration explains alone (docs/identification.md)."""

from typing import Final

from ickrr.config.claim_terms import FamilyName
from ickrr.report.intervals import Interval, over_trainings
from ickrr.report.statistics.question import Question

NAME = "share of layers that a closed form explains alone"
READS = ("attribution",)

CLOSED_FORMS: Final[tuple[FamilyName, ...]] = ("ridge", "PR closed", "smoother")


def estimate(question: Question) -> Interval:
    """Return the share of the layers that count that are compatible with a closed form, over trainings."""
    found = question.counted_layers()
    closed = found[found["family"].isin(CLOSED_FORMS)].groupby(["seed", "layer"])["survives"].any()
    return over_trainings(closed.groupby("seed").mean().tolist(), question.confidence)
