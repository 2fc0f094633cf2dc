"""The judged claims as the Results page shows them: verdicts, and what decides them in plain words."""

import math
from dataclasses import dataclass
from typing import Any, Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.ledger_text import runs_of, wanted
from ickrr.report.plain import plain
from ickrr.report.quantities import setting_words, subject_words
from ickrr.report.tables.claims import describe

VERDICTS: Final = {
    "supported": "What the results support",
    "not supported": "What the results do not support",
    "tied": "What the results call a tie",
    "undecided": "What the results leave undecided",
    "not tested": "What was not tested",
}
"""Headings, by verdict, in the order of the page."""
SOURCES: Final = {
    "abstract": "the sources, abstract",
    "review": "the sources, review",
    "summary": "the sources, summary",
    "metarepicl": "MetaRepICL",
    "ours": "this study",
}
"""Who claims it, by the key of claims.yaml."""


@dataclass(frozen=True)
class Condition:
    """One row of the ledger.

    Attributes:
        words: what is measured, and of what.
        effect: its value; `low` and `high` are the ends of its interval, all NaN where undefined.
        exact: whether it is a number without an interval, such as a count.
        wanted: the bound that the whole interval has to lie beyond.
        outcome: verdict on this condition alone.
        seeds: trainings that it rests on, by run; none where it is about no run.
    """

    words: str
    effect: float
    low: float
    high: float
    wanted: str
    outcome: str
    seeds: dict[str, int]

    @property
    def exact(self) -> bool:
        """Whether both ends of the interval are the value itself."""
        return self.low == self.effect == self.high


@dataclass(frozen=True)
class Claim:
    """A claim of the ledger.

    Attributes:
        name: its key in claims.yaml.
        source: who claims it, in words.
        statement: what it says.
        evidence: figures and tables to look at.
        verdict: a key of `VERDICTS`.
        conditions: what decides it.
    """

    name: str
    source: str
    statement: str
    evidence: tuple[str, ...]
    verdict: str
    conditions: tuple[Condition, ...]


def claims_of(judged: pd.DataFrame, experiment: Experiment) -> list[Claim]:
    """Return the claims in the order of the ledger.

    Args:
        judged: table `claims`.
        experiment: for the number of seeds of each run.
    """
    return [
        Claim(
            str(name),
            SOURCES[rows["source"].iloc[0]],
            plain(rows["statement"].iloc[0]),
            tuple(rows["evidence"].iloc[0].split(", ")),
            rows["verdict"].iloc[0],
            tuple(_condition(row, experiment) for _, row in rows.iterrows()),
        )
        for name, rows in judged.groupby("claim", sort=False)
    ]


def number(value: float) -> str:
    """Return a number with three significant digits; nothing for one that is undefined."""
    # Adding zero takes the sign of a negative one.
    return "" if math.isnan(value) else f"{value + 0.0:.3g}".replace("-", "−")


def _condition(row: "pd.Series[Any]", experiment: Experiment) -> Condition:
    effect, low, high = (float(row[name]) for name in ("value", "low", "high"))
    seeds = {run: len(experiment.seeds(run)) for run in runs_of(row)}
    gate = "gate, " if row["part"] == "gate" else ""
    words = f"{gate}{_about(row)}: {plain(describe(row))}"
    return Condition(words, effect, low, high, wanted(row), row["outcome"], seeds)


def _about(row: "pd.Series[Any]") -> str:
    if not row["table"]:
        return str(row["run"]).replace("_", " ")
    place = (row["table"], row["quantity"])
    words = [subject_words(*place, row["subject"]), setting_words(*place, row["setting"])]
    return plain(", ".join(filter(None, words)))
