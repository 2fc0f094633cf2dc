"""How far the nearest conjugate gradients may be from linear in the labels (docs/mechanism.md)."""

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "largest upper end of the rotation of the nearest conjugate gradients"
READS = ("linearity",)


def estimate(question: Question) -> Interval:
    """Return the largest upper end over the layers that count; it is an end itself, and has no interval."""
    end = float(question.rotations("CG")["high"].max())
    return Interval(end, end, end)
