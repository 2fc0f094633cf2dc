"""Judge the claims of the ledger: each condition by its statistic's interval, each claim by its conditions.

With t and u the ends of an interval, a condition `above: b` is supported if t > b and not supported if
u <= b; `below: b` is supported if u < b and not supported if t >= b; with both bounds the interval must lie
between them. Everything else is undecided. Claims join their conditions by Kleene's three-valued logic.
"""

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.config.ledger import ARGUMENTS, Claim, Condition, Ledger
from ickrr.entries import STATISTICS
from ickrr.report.intervals import Interval
from ickrr.report.load import COLUMNS, Tables
from ickrr.report.statistics.question import Question

Verdict = Literal["supported", "not supported", "undecided"]


def outcome(interval: Interval, above: float | None, below: float | None) -> Verdict:
    """Judge one interval; one that does not exist (NaN) is undecided."""
    _, low, high = interval
    if (above is None or low > above) and (below is None or high < below):
        return "supported"
    if (above is not None and high <= above) or (below is not None and low >= below):
        return "not supported"
    return "undecided"


def verdict(outcomes: Sequence[Verdict], need: Literal["all", "any"]) -> Verdict:
    """Join the outcomes of a claim's conditions."""
    decisive: Verdict = "not supported" if need == "all" else "supported"
    if decisive in outcomes:
        return decisive
    if "undecided" in outcomes:
        return "undecided"
    return "supported" if need == "all" else "not supported"


def judge(ledger: Ledger, experiment: Experiment, tables: Tables) -> pd.DataFrame:
    """Judge all claims.

    Args:
        ledger: the claims.
        experiment: the resolved experiment, for the solvers and the level of the intervals.
        tables: the tidy tables, see `ickrr.report.load.Tables`.

    Returns:
        One row for each condition and run (one with an empty `run` where a condition belongs to none), the
        columns of the table `claims`, in the order of the ledger; `condition` counts them within a claim,
        `evidence` joins its names by commas. Arguments that a statistic does not take are empty (NaN in
        `factor`).

    Raises:
        FileError: a table is missing or lacks a row.
    """
    rows = [row for name, claim in ledger.items() for row in _rows(name, claim, experiment, tables)]
    frame = pd.DataFrame(rows, columns=list(COLUMNS["claims"]))
    numbers = ["factor", "above", "below", "value", "low", "high"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _rows(name: str, claim: Claim, experiment: Experiment, tables: Tables) -> list[dict[str, object]]:
    found = [
        (condition, run, _ask(condition, run, experiment, tables))
        for condition in claim.conditions
        for run in condition.each_run
    ]
    outcomes = [outcome(interval, condition.above, condition.below) for condition, _, interval in found]
    return [
        {
            "claim": name,
            "source": claim.source,
            "statement": claim.statement,
            "evidence": ", ".join(claim.evidence),
            "verdict": verdict(outcomes, claim.need),
            "condition": index,
            "run": run,
            "statistic": condition.statistic,
            **{argument: getattr(condition, argument) or "" for argument in ARGUMENTS},
            "factor": condition.factor,
            "above": condition.above,
            "below": condition.below,
            "value": interval.value,
            "low": interval.low,
            "high": interval.high,
            "outcome": outcomes[index],
        }
        for index, (condition, run, interval) in enumerate(found)
    ]


def _ask(condition: Condition, run: str, experiment: Experiment, tables: Tables) -> Interval:
    question = Question(tables, run, experiment.solvers.headline, experiment.statistics.confidence)
    found: Interval = STATISTICS.load(condition.statistic).estimate(question, **condition.arguments)
    return found
