"""The statistics that decide claims: functions of the tidy tables, one estimate with its interval each.

Every function takes the tables, a run, the condition that asks for it, the solvers that are compared and the
level of the intervals. An estimate that does not exist is NaN. `summary` belongs to no run.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from ickrr.config.ledger import Condition, StatisticName
from ickrr.errors import FileError
from ickrr.report.intervals import Interval, difference, over_seeds, ratio, widened
from ickrr.report.load import Tables, estimate, load_summary, load_table
from ickrr.report.verdicts import DIRECTION, paired_difference


@dataclass(frozen=True)
class Question:
    """What a statistic is asked.

    Attributes:
        tables: the tidy tables, see `ickrr.report.load.Tables`.
        run: the run; empty where the statistic belongs to none.
        condition: the condition, for its arguments.
        solvers: solvers that are compared, in the order of the paper.
        confidence: level of the intervals.
    """

    tables: Tables
    run: str
    condition: Condition
    solvers: Sequence[str]
    confidence: float

    def table(self, name: str, run: str | None = None) -> pd.DataFrame:
        """Read one table of the run, or of another."""
        return load_table(self.tables, [run or self.run], name)


def lead(question: Question) -> Interval:
    """By how much a solver is ahead of the best other one, in its paired differences.

    The estimate and both ends are the smallest over the other solvers, each turned so that positive is
    better: the interval lies above zero only if the solver beats every other one, and needs no correction
    for their number (an intersection-union test).
    """
    assert question.condition.solver is not None
    return _lead(question, question.condition.solver)


def reference_lead(question: Question) -> Interval:
    """`lead`, in this run, of the solver that has the best value in the reference run."""
    of, reference = question.condition.of, question.condition.reference
    assert of is not None
    alignment = question.table("alignment", reference)
    values = [DIRECTION[of] * estimate(alignment, solver, of).value for solver in question.solvers]
    if not np.isfinite(values).any():
        return Interval(math.nan, math.nan, math.nan)
    return _lead(question, question.solvers[int(np.nanargmax(values))])


def _lead(question: Question, solver: str) -> Interval:
    of = question.condition.of
    assert of is not None
    pairs = question.table("pairs")
    found = []
    for other in question.solvers:
        if other != solver:
            value, low, high = paired_difference(pairs, of, solver, other)
            found.append((value, low, high) if DIRECTION[of] > 0 else (-value, -high, -low))
    return Interval(*(float(end) for end in np.min(found, axis=0)))  # NaN if any is


def lead_share(question: Question) -> Interval:
    """Share of layers 1..L in which a solver has the best value, interval over prompts and seeds.

    Raises:
        FileError: the table lacks the solver.
    """
    condition = question.condition
    shares = question.table("shares")
    found = shares[(shares["solver"] == condition.solver) & (shares["statistic"] == condition.of)]
    value, low, high = _only(found, question, "shares")[["lead_share", "low", "high"]].to_numpy(float)[0]
    return Interval(float(value), float(low), float(high))


def largest_difference(question: Question) -> Interval:
    """Largest paired difference between any two solvers; estimate and ends are each the largest."""
    of = question.condition.of
    assert of is not None
    pairs = question.table("pairs")
    found = [
        paired_difference(pairs, of, first, second)
        for first in question.solvers
        for second in question.solvers
        if first != second
    ]
    return Interval(*(float(end) for end in np.max(found, axis=0)))


def alignment(question: Question) -> Interval:
    """One statistic of one solver, its interval over prompts widened by the spread over seeds."""
    return _alignment(question, question.run)


def run_difference(question: Question) -> Interval:
    """`alignment` of this run minus that of the reference run."""
    reference = question.condition.reference
    assert reference is not None
    return difference(_alignment(question, question.run), _alignment(question, reference))


def run_ratio(question: Question) -> Interval:
    """`alignment` of this run over that of the reference run."""
    reference = question.condition.reference
    assert reference is not None
    return ratio(_alignment(question, question.run), _alignment(question, reference))


def _alignment(question: Question, run: str) -> Interval:
    condition = question.condition
    assert condition.of is not None and condition.solver is not None
    table = question.table("alignment", run)
    value, low, high, seed_sd = estimate(table, condition.solver, condition.of)
    seeds = int(table["seeds"].iloc[0])
    return widened(Interval(value, low, high), seed_sd, seeds, question.confidence)


def excess_share(question: Question) -> Interval:
    """Excess risk at the end of training over the Bayes risk, validation prompts, interval over seeds."""
    final = _last_points(question, question.run)
    return over_seeds((final["excess_risk"] / final["bayes_risk"]).tolist(), question.confidence)


def excess_ratio(question: Question) -> Interval:
    """Excess risk at the end of training over that of the reference run, intervals over seeds."""
    both = [
        over_seeds(_last_points(question, run)["excess_risk"].tolist(), question.confidence)
        for run in (question.run, question.condition.reference)
        if run is not None
    ]
    return ratio(both[0], both[1])


def _last_points(question: Question, run: str) -> pd.DataFrame:
    return question.table("learning_curve", run).sort_values("step").groupby("seed").tail(1)


def noise_ratio(question: Question) -> Interval:
    """MSE of a method over that of ridge regression with the test noise's ridge, at the longest context."""
    assert question.condition.method is not None
    return _noise_ratio(question, question.condition.method)


def noise_gap(question: Question) -> Interval:
    """`noise_ratio` of the transformer over that of ridge regression with the training noise's ridge."""
    return ratio(_noise_ratio(question, "transformer"), _noise_ratio(question, "encoded_oracle"))


def _noise_ratio(question: Question, method: str) -> Interval:
    noise = question.table("noise")
    factor = question.condition.factor
    assert factor is not None
    rows = noise[
        (noise["method"] == method)
        & np.isclose(noise["factor"], factor, rtol=1e-6)
        & (noise["context_length"] == noise["context_length"].max())
    ]
    if rows.empty:
        raise FileError(
            f"{question.tables}/{question.run}/noise.parquet: has no rows of method '{method}' at factor "
            f"{factor}, only of {sorted(noise['factor'].unique())}; use one of these in claims.yaml"
        )
    # Seeds share their prompts, so their intervals are averaged as if they moved together.
    value, low, high = rows[["ratio", "ratio_low", "ratio_high"]].mean(skipna=False).to_numpy(float)
    seed_sd = float(rows["ratio"].std(ddof=1))
    return widened(Interval(float(value), float(low), float(high)), seed_sd, len(rows), question.confidence)


def summary(question: Question) -> Interval:
    """One row of a table of single numbers; a number without an interval has equal ends.

    Raises:
        FileError: the table has no such row, or several.
    """
    condition = question.condition
    assert condition.table is not None
    rows = load_summary(question.tables, condition.table)
    wanted = {name: getattr(condition, name) for name in ("quantity", "subject", "setting")}
    found = rows[(rows[list(wanted)] == pd.Series(wanted)).all(axis="columns")]
    if len(found) != 1:
        asked = ", ".join(f"{name} '{value}'" for name, value in wanted.items())
        alike = rows[rows["quantity"] == condition.quantity]
        there = sorted({f"'{one}', '{other}'" for one, other in alike[["subject", "setting"]].to_numpy()})
        known = (
            f"of subject and setting {'; '.join(there)}" if there else f"of {sorted(set(rows['quantity']))}"
        )
        raise FileError(
            f"{question.tables}/{condition.table}.parquet: has {len(found)} rows of {asked}, expected 1; it "
            f"has rows {known}; use one of these in claims.yaml"
        )
    value, low, high = found[["value", "low", "high"]].to_numpy(float)[0]
    return Interval(float(value), float(low), float(high))


def _only(found: pd.DataFrame, question: Question, table: str) -> pd.DataFrame:
    if len(found) != 1:
        raise FileError(
            f"{question.tables}/{question.run}/{table}.parquet: has {len(found)} rows of solver "
            f"'{question.condition.solver}' and statistic '{question.condition.of}', expected 1; "
            "delete it and run snakemake again"
        )
    return found


STATISTICS: Final[dict[StatisticName, Callable[[Question], Interval]]] = {
    "lead": lead,
    "reference_lead": reference_lead,
    "lead_share": lead_share,
    "largest_difference": largest_difference,
    "alignment": alignment,
    "run_difference": run_difference,
    "run_ratio": run_ratio,
    "excess_share": excess_share,
    "excess_ratio": excess_ratio,
    "noise_ratio": noise_ratio,
    "noise_gap": noise_gap,
    "summary": summary,
}
