"""What one family of algorithms adds to another, mean over the layers that count (docs/identification.md)."""

from ickrr.config.claim_terms import FamilyName
from ickrr.report.intervals import Interval, of_trainings
from ickrr.report.statistics.question import Question

NAME = "what {family} adds to {beside}"
READS = ("encompassing",)


def estimate(question: Question, family: FamilyName, beside: FamilyName) -> Interval:
    """Return the mean encompassing coefficient, its interval over prompts and seeds.

    With fewer than `FEWEST_TRAININGS` seeds it has no interval.

    Raises:
        FileError: the table lacks the mean of the two.
    """
    from ickrr.report.studies import mean_addition

    table, where = question.table("encompassing"), str(question.file("encompassing"))
    return of_trainings(mean_addition(table, where, beside, family), question.trainings("encompassing"))
