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
    from ickrr.report.load import only_row
    from ickrr.row_keys import NO_SEED, WHOLE_MODEL

    table = question.table("encompassing")
    means = table[(table["seed"] == NO_SEED) & (table["layer"] == WHOLE_MODEL)]
    found = only_row(means, str(question.file("encompassing")), family=beside, other=family)
    value, low, high = (float(found[end]) for end in ("coefficient", "low", "high"))
    return of_trainings(Interval(value, low, high), table.loc[table["seed"] >= 0, "seed"].nunique())
