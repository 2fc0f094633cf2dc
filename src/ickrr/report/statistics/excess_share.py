"""Excess risk at the end of training over the Bayes risk."""

from ickrr.report.intervals import Interval, over_seeds
from ickrr.report.statistics.question import Question

NAME = "excess risk over Bayes risk"
READS = ("learning_curve",)


def estimate(question: Question) -> Interval:
    """Return the share on the validation prompts, its interval over seeds."""
    final = question.ends_of_training()
    return over_seeds((final["excess_risk"] / final["bayes_risk"]).tolist(), question.confidence)
