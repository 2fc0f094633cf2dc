"""Excess risk at the end of training over that of the reference run."""

from ickrr.report.intervals import Interval, over_seeds, ratio
from ickrr.report.statistics.question import Question

NAME = "excess risk over that of {reference}"
READS = ("learning_curve",)


def estimate(question: Question, reference: str) -> Interval:
    """Return the ratio of two runs on their validation prompts, from their intervals over seeds."""
    return ratio(_excess_risk(question), _excess_risk(question.of_run(reference)))


def _excess_risk(question: Question) -> Interval:
    return over_seeds(question.ends_of_training()["excess_risk"].tolist(), question.confidence)
