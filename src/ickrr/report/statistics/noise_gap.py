"""Error of the transformer under other noise over that of ridge regression with the ridge of training."""

from ickrr.report.intervals import Interval, ratio
from ickrr.report.statistics.noise_ratio import estimate as noise_ratio
from ickrr.report.statistics.question import Question

NAME = "transformer, error over that of the training ridge, noise {factor} times that of training"
READS = ("noise",)


def estimate(question: Question, factor: float) -> Interval:
    """Return the ratio of the two `noise_ratio`, which count as independent.

    Raises:
        FileError: the table has no rows at this factor.
    """
    return ratio(
        noise_ratio(question, "transformer", factor), noise_ratio(question, "encoded_oracle", factor)
    )
