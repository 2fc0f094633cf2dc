"""Share of the layers of a built model that are named rightly, or wrongly (docs/identification.md)."""

from typing import Literal

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "share of the built model's layers named {named}"
READS = ("trials",)


def estimate(question: Question, named: Literal["rightly", "wrongly"]) -> Interval:
    """Return the share; it is a count of all of its layers that were tried, and has no interval.

    Raises:
        FileError: no built model was tried with the prompts of the run.
    """
    layers = question.built_layers()
    found = layers["wrong"].astype(bool) if named == "wrongly" else layers["named"] == layers["allowed"]
    share = float(found.mean())
    return Interval(share, share, share)
