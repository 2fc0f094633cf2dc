"""Everything in which two sets of results differ."""

from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from ickrr.differences.observations import observations, same_prompts
from ickrr.differences.pairing import compared
from ickrr.differences.settings import Change, changed_code, changed_settings
from ickrr.differences.sides import Side
from ickrr.errors import FileError
from ickrr.report.ledger_text import runs_of, value
from ickrr.report.plain import plain
from ickrr.report.tables.claims import describe


class Flip(NamedTuple):
    """A claim whose verdict differs; a side that has no such claim has None.

    Attributes:
        claim: its id.
        first: verdict of one side.
        second: verdict of the other.
        because: the conditions whose outcome differs, in words.
    """

    claim: str
    first: str | None
    second: str | None
    because: list[str]


@dataclass(frozen=True)
class Differences:
    """What two sides have in common, and how they differ.

    Attributes:
        first: name of one side.
        second: name of the other.
        runs: runs that both have.
        only_first: runs that only one has.
        only_second: runs that only the other has.
        other_prompts: runs of both that were evaluated on different prompts.
        settings: settings that differ, None if they are not recorded.
        code: rules whose jobs ran with other code.
        numbers: see `ickrr.differences.pairing.compared`, all runs of both.
        claims: how many claims both have judged, None if a side has judged none.
        flips: claims whose verdict differs.
        confidence: level of the intervals.
    """

    first: str
    second: str
    runs: list[str]
    only_first: list[str]
    only_second: list[str]
    other_prompts: list[str]
    settings: list[Change] | None
    code: list[str]
    numbers: pd.DataFrame
    claims: int | None
    flips: list[Flip]
    confidence: float


def differences(first: Side, second: Side, confidence: float) -> Differences:
    """Compare two sides.

    Args:
        first: one side.
        second: the other.
        confidence: level of the intervals.

    Raises:
        FileError: they have no run in common, or a table is damaged.
    """
    both = [run for run in first.runs if run in second.runs]
    if not both:
        raise FileError(
            f"{first.name} and {second.name}: have no run in common (found {', '.join(first.runs) or 'none'} "
            f"and {', '.join(second.runs) or 'none'}); name results of the same runs"
        )
    same = {run: same_prompts(first, second, run) for run in both}
    numbers = [
        compared(observations(first, run), observations(second, run), same[run], confidence) for run in both
    ]
    judged = [side.claims() for side in (first, second)]
    before, after = judged
    return Differences(
        first=first.name,
        second=second.name,
        runs=both,
        only_first=[run for run in first.runs if run not in both],
        only_second=[run for run in second.runs if run not in both],
        other_prompts=[run for run in both if not same[run]],
        settings=changed_settings(first.made, second.made),
        code=changed_code(first.made, second.made),
        numbers=pd.concat(numbers, ignore_index=True).astype({"differs": bool}),
        claims=None if before is None or after is None else len({*before["claim"]} & {*after["claim"]}),
        flips=[] if before is None or after is None else flips(before, after),
        confidence=confidence,
    )


def flips(first: pd.DataFrame, second: pd.DataFrame) -> list[Flip]:
    """List the claims whose verdict differs, in the order of the first ledger, then of the second.

    Args:
        first: table `claims` of one side.
        second: table `claims` of the other.
    """
    before, after = (dict(zip(side["claim"], side["verdict"], strict=True)) for side in (first, second))
    return [
        Flip(claim, before.get(claim), after.get(claim), _because(claim, first, second))
        for claim in dict.fromkeys((*before, *after))
        if before.get(claim) != after.get(claim)
    ]


def _because(claim: str, first: pd.DataFrame, second: pd.DataFrame) -> list[str]:
    """Describe the conditions of a claim whose outcome differs, with the values that decide them."""
    key = ["condition", "run"]
    before, after = (side[side["claim"] == claim].set_index(key, drop=False) for side in (first, second))
    told = []
    for name in before.index.intersection(after.index):
        old, new = before.loc[name], after.loc[name]
        if old["outcome"] != new["outcome"]:
            about = ", ".join(runs_of(old)) or f"{old['subject']} {old['setting']}".strip()
            told.append(
                f"{about}: {plain(describe(old))}: {value(old)} -> {value(new)} "
                f"({old['outcome']} -> {new['outcome']})"
            )
    return told
