"""Share of the layers 1..L in which a solver has the best value."""

from typing import Literal

from ickrr.report.intervals import Interval, of_trainings
from ickrr.report.statistics.question import Question

NAME = "share of layers that {solver} leads in {of}"
READS = ("shares", "matches")


def estimate(question: Question, of: Literal["similarity", "distance"], solver: str) -> Interval:
    """Return the share, its interval over prompts and seeds; fewer than four trainings have none.

    Raises:
        FileError: the table lacks the solver, or has it twice.
    """
    from ickrr.report.load import only_row

    found = only_row(question.table("shares"), str(question.file("shares")), solver=solver, statistic=of)
    value, low, high = found[["lead_share", "low", "high"]].to_numpy(float)
    return of_trainings(Interval(float(value), float(low), float(high)), question.trainings("matches"))
