"""Judge the claims of the ledger: each condition by its statistic's interval, each claim by its conditions.

With t and u the ends of an interval, a condition `above: b` is supported if t > b and not supported if
u <= b; `below: b` is supported if u < b and not supported if t >= b; with both bounds the interval must lie
between them. An interval that lies wholly within the margin of its only bound is a tie, on either side of it.
Everything else is undecided. Claims join their conditions as Kleene's three-valued logic does, a tie between
a condition that holds and one that nobody can decide. A claim of which a gate does not hold is not tested.
"""

from collections.abc import Sequence
from typing import Final, Literal

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.config.ledger import ARGUMENTS, Claim, Condition, Ledger
from ickrr.entries import STATISTICS
from ickrr.report.intervals import Interval
from ickrr.report.load import COLUMNS, Tables
from ickrr.report.statistics.question import Question

Outcome = Literal["supported", "not supported", "tied", "undecided"]
Verdict = Literal[Outcome, "not tested"]
VERDICTS: Final[tuple[Verdict, ...]] = ("supported", "not supported", "tied", "undecided", "not tested")


def outcome(
    interval: Interval, above: float | None, below: float | None, margin: float | None = None
) -> Outcome:
    """Judge one interval; one that does not exist (NaN) is undecided.

    Args:
        interval: of the statistic.
        above: the interval must lie above it.
        below: the interval must lie below it.
        margin: how close to the bound, of which there is one then, a whole interval is a tie.
    """
    _, low, high = interval
    bound = above if above is not None else below
    if margin is not None and bound is not None and bound - margin <= low and high <= bound + margin:
        return "tied"
    if (above is None or low > above) and (below is None or high < below):
        return "supported"
    if (above is not None and high <= above) or (below is not None and low >= below):
        return "not supported"
    return "undecided"


def verdict(outcomes: Sequence[Outcome], need: Literal["all", "any"]) -> Outcome:
    """Join the outcomes of the conditions that decide a claim."""
    by_weight: tuple[Outcome, ...] = ("not supported", "undecided", "tied", "supported")
    if need == "any":
        by_weight = ("supported", "undecided", "tied", "not supported")
    return next(word for word in by_weight if word in outcomes)


def verdict_of(gate: Sequence[Outcome], rule: Sequence[Outcome], need: Literal["all", "any"]) -> Verdict:
    """Return the verdict of a claim from the outcomes of its gate and of the conditions that decide it."""
    return verdict(rule, need) if set(gate) <= {"supported"} else "not tested"


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
    numbers = ["factor", "above", "below", "margin", "value", "low", "high"]
    return frame.astype(dict.fromkeys(numbers, "float64"))


def _rows(name: str, claim: Claim, experiment: Experiment, tables: Tables) -> list[dict[str, object]]:
    found = [
        (part, condition, run, _ask(condition, run, experiment, tables))
        for part, conditions in (("gate", claim.gate), ("rule", claim.conditions))
        for condition in conditions
        for run in condition.each_run
    ]
    outcomes = [
        outcome(interval, condition.above, condition.below, condition.margin)
        for _, condition, _, interval in found
    ]
    gates = sum(part == "gate" for part, *_ in found)
    judged = verdict_of(outcomes[:gates], outcomes[gates:], claim.need)
    return [
        {
            "claim": name,
            "source": claim.source,
            "statement": claim.statement,
            "evidence": ", ".join(claim.evidence),
            "verdict": judged,
            "condition": index,
            "run": run,
            "statistic": condition.statistic,
            "part": part,
            **{argument: getattr(condition, argument) or "" for argument in ARGUMENTS},
            "factor": condition.factor,
            "above": condition.above,
            "below": condition.below,
            "margin": condition.margin,
            "value": interval.value,
            "low": interval.low,
            "high": interval.high,
            "outcome": outcomes[index],
        }
        for index, (part, condition, run, interval) in enumerate(found)
    ]


def _ask(condition: Condition, run: str, experiment: Experiment, tables: Tables) -> Interval:
    question = Question(tables, run, experiment.solvers.headline, experiment.statistics)
    found: Interval = STATISTICS.load(condition.statistic).estimate(question, **condition.arguments)
    return found
