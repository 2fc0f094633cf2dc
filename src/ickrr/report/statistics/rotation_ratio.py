"""Rotation of the layers over that of conjugate gradients, where theirs is not small (docs/mechanism.md)."""

from typing import Final

from ickrr.report.intervals import NO_INTERVAL, Interval, of_trainings
from ickrr.report.statistics.question import Question

NAME = "largest rotation over that of the nearest conjugate gradients, where theirs is not small"
READS = ("linearity",)

SMALL: Final = 0.1
"""Layers whose nearest conjugate gradients have their interval below it do not count: they tell nothing."""


def estimate(question: Question) -> Interval:
    """Return the largest ratio over the layers that count, undefined where none does.

    Its upper end is the largest end of a layer over the lower end of conjugate gradients, its lower end the
    smallest of the opposite: the interval lies below a bound if in each layer the two intervals are so far
    apart, and above it if in each layer they are so far apart the other way round. With fewer than
    `FEWEST_TRAININGS` seeds it has no interval.
    """
    layers, beside = question.rotations("layer"), question.rotations("CG")
    counts = beside["high"] >= SMALL
    if not counts.any():
        return NO_INTERVAL
    layers, beside = layers[counts], beside[counts]
    found = Interval(
        float((layers["value"] / beside["value"]).max()),
        float((layers["low"] / beside["high"]).min()),
        float((layers["high"] / beside["low"]).max()),
    )
    return of_trainings(found, question.trainings("linearity"))
