"""The lead, in a run, of the solver that has the best value in the reference run."""

import math

from ickrr.config.claim_terms import DIRECTION, Ranked
from ickrr.report.intervals import Interval
from ickrr.report.statistics.lead import estimate as lead
from ickrr.report.statistics.question import Question

NAME = "lead in {of} of the solver that is best in {reference}"
READS = ("pairs", "matches", "alignment")


def estimate(question: Question, of: Ranked, reference: str) -> Interval:
    """Return the lead of that solver; NaN where no solver has a value in the reference run.

    Raises:
        FileError: a table lacks a solver or a pair.
    """
    import numpy as np

    from ickrr.report.load import estimate as value_of

    alignment = question.of_run(reference).table("alignment")
    values = [DIRECTION[of] * value_of(alignment, solver, of).value for solver in question.solvers]
    if not np.isfinite(values).any():
        return Interval(math.nan, math.nan, math.nan)
    return lead(question, of, question.solvers[int(np.nanargmax(values))])
