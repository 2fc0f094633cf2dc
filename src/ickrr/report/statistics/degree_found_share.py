"""Share of the pseudo-layers of known degree whose degree is found (docs/mechanism.md)."""

from typing import TYPE_CHECKING

from ickrr.report.intervals import Interval
from ickrr.report.statistics.question import Question

if TYPE_CHECKING:
    import pandas as pd

NAME = "share of pseudo-layers whose degree is found within one, at the worst noise"
READS = ("degree_trials",)


def estimate(question: Question) -> Interval:
    """Return the smallest share over the noises; it is a count of all cases, and has no interval."""
    cases = question.table("degree_trials")
    share = float(found(cases).groupby(cases["noise"]).mean().min())
    return Interval(share, share, share)


def found(cases: "pd.DataFrame") -> "pd.Series[bool]":
    """Return of each case whether its degree is found within one of what its signal needs."""
    return (cases["found"] - cases["exact"]).abs() <= 1
