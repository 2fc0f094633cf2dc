"""How many products with the kernel the first layers need beyond their number (docs/mechanism.md)."""

from typing import Final

from ickrr.report.intervals import Interval, over_trainings
from ickrr.report.statistics.question import Question

FIRST_LAYERS: Final = 3
NAME = f"needed degree minus the layer, mean over layers 1 to {FIRST_LAYERS}"
READS = ("degree",)


def estimate(question: Question) -> Interval:
    """Return the mean, its interval over trainings."""
    needed = question.needed_degrees()
    first = needed[needed["layer"] <= FIRST_LAYERS]
    leads = (first["degree"] - first["layer"]).groupby(first["seed"]).mean()
    return over_trainings(leads.tolist(), question.confidence)
