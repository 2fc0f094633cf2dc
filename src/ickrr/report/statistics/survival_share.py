"""Share of the layers that are compatible with a family of algorithms (docs/identification.md)."""

from collections.abc import Sequence

from ickrr.config.claim_terms import FamilyName
from ickrr.report.intervals import Interval, over_trainings
from ickrr.report.statistics.question import Question

NAME = "share of layers that {family} explains alone"
READS = ("attribution",)


def estimate(question: Question, family: FamilyName) -> Interval:
    """Return the share of the layers that count to which no family adds anything, over trainings."""
    return explained_share(question, [family])


def explained_share(question: Question, families: Sequence[FamilyName]) -> Interval:
    """Return the share of the layers that count that one of some families explains alone, over trainings."""
    layers = question.counted_layers()
    explained = layers[layers["family"].isin(families)].groupby(["seed", "layer"])["survives"].any()
    return over_trainings(explained.groupby("seed").mean().tolist(), question.confidence)
