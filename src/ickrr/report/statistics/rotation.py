"""How far the layers that count are from linear in the labels (docs/mechanism.md)."""

from ickrr.report.intervals import Interval, of_trainings
from ickrr.report.statistics.question import Question

NAME = "rotation, upper end of the largest layer and lower end of the middle one"
READS = ("linearity",)


def estimate(question: Question) -> Interval:
    """Return the largest rotation; it ends at the largest upper end, and begins at the middle lower end.

    So the interval lies below a bound if those of all layers do, and above it if those of at least half of
    the layers do. With fewer than `FEWEST_TRAININGS` seeds it has no interval.
    """
    layers = question.rotations("layer")
    begins = layers["low"].sort_values(ascending=False)
    middle = float(begins.iloc[(len(begins) + 1) // 2 - 1])
    largest, end = (float(layers[column].max(skipna=False)) for column in ("value", "high"))
    found = Interval(largest, middle, end)
    return of_trainings(found, question.trainings("linearity"))
