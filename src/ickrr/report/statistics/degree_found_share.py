"""Share of the pseudo-layers of known degree whose degree is found (docs/mechanism.md)."""

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

NAME = "share of pseudo-layers whose degree is found within one, at the worst noise"
READS = ("degree_trials",)


def estimate(question: Question) -> Interval:
    """Return the smallest share over the noises; it is a count of all cases, and has no interval."""
    cases = question.table("degree_trials")
    found = (cases["found"] - cases["exact"]).abs() <= 1
    share = float(found.groupby(cases["noise"]).mean().min())
    return Interval(share, share, share)
