"""Share of the layers 1..L in which a solver has the best value."""

from typing import Literal

from ickrr.errors import FileError
from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "share of layers that {solver} leads in {of}"
READS = ("shares",)


def estimate(question: Question, of: Literal["similarity", "distance"], solver: str) -> Interval:
    """Return the share, its interval over prompts and seeds.

    Raises:
        FileError: the table lacks the solver, or has it twice.
    """
    shares = question.table("shares")
    found = shares[(shares["solver"] == solver) & (shares["statistic"] == of)]
    if len(found) != 1:
        raise FileError(
            f"{question.file('shares')}: has {len(found)} rows of solver '{solver}' "
            f"and statistic '{of}', expected 1; delete it and run snakemake again"
        )
    value, low, high = found[["lead_share", "low", "high"]].to_numpy(float)[0]
    return Interval(float(value), float(low), float(high))
