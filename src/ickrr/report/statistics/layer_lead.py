"""By how much a solver is ahead of another one in the layer where it is ahead least."""

from typing import Literal

from ickrr.config.claim_terms import DIRECTION
from ickrr.report.intervals import Interval, of_trainings, smallest
from ickrr.report.statistics.question import Question

NAME = "least lead of {solver} over {rival} in {of}, over layers"
READS = ("pairs", "matches")


def estimate(question: Question, of: Literal["similarity", "distance"], solver: str, rival: str) -> Interval:
    """Return the smallest lead over the layers 1..L, each end the smallest of its kind.

    The interval lies above zero only if the solver is ahead in every layer, and at or below zero if it is
    behind in one. Fewer than four trainings have no interval.

    Raises:
        FileError: the table lacks the pair.
    """
    from ickrr.errors import FileError
    from ickrr.row_keys import WHOLE_MODEL

    pairs = question.table("pairs")
    first, second = (solver, rival) if DIRECTION[of] > 0 else (rival, solver)
    rows = pairs[
        (pairs["statistic"] == of)
        & (pairs["first"] == first)
        & (pairs["second"] == second)
        & (pairs["layer"] != WHOLE_MODEL)
    ]
    if rows.empty:
        raise FileError(
            f"{question.file('pairs')}: has no layers of {of}, '{first}' - '{second}'; delete it and run "
            "snakemake again"
        )
    leads = [Interval(*ends) for ends in rows[["difference", "low", "high"]].to_numpy(float)]
    return of_trainings(smallest(leads), question.trainings("matches"))
