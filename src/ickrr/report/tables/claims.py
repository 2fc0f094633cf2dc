"""Table of the claims: each with its conditions, the values that decide them, and its verdict."""

import math
import re
from typing import Any, Final

import numpy as np
import pandas as pd

from ickrr.config.claim_terms import (
    ALIGNMENT_WORDS,
    NOISE_METHOD_WORDS,
    REPLACEMENT_WORDS,
    SCOPE_WORDS,
)
from ickrr.config.experiment import Experiment
from ickrr.entries import STATISTICS
from ickrr.report.formatting import escape, setting_number, summary_value, with_interval
from ickrr.report.load import Tables, load_other
from ickrr.report.methods import FAMILIES, prose_name
from ickrr.report.quantities import plain, quantity_words, setting_words, subject_words
from ickrr.report.table import PaperTable

READS: Final = ("claims",)
SOURCES: Final = {"metarepicl": "MetaRepICL"}

FLOOR_WORDS: Final = "{of}"  # which is that of the layers, whatever the solver


SHARE: Final = (0.0, 1.0)
POSSIBLE: Final = {
    **dict.fromkeys(("named_share", "survival_share", "closed_form_share", "misnamed_share"), SHARE),
    **dict.fromkeys(("recognised_share", "degree_found_share", "lead_share", "censored_share"), SHARE),
    **dict.fromkeys(("kendall_tau", "similarity", "floor"), (-1.0, 1.0)),
    "r_squared": (-math.inf, 1.0),
}
"""Least and largest possible value of statistics whose intervals, normal ones, may reach beyond: they are cut
where they are shown, and not where they decide."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of claims.

    Args:
        experiment: not read; every table has the same signature.
        tables: the table ``claims.parquet``.

    Returns:
        The rows of ``tables/claims.parquet``; LaTeX as a `longtable`, which may not stand in a float.

    Raises:
        FileError: the judged claims are missing or not theirs.
    """
    del experiment
    frame = load_other(tables, *READS)
    rows: list[tuple[str, str, str, str]] = []
    for index, (_, conditions) in enumerate(frame.groupby("claim", sort=False), 1):
        rows += _claim(index, conditions)
    shown = pd.DataFrame(rows, columns=["Claim, and what decides it", "Value", "Wanted", "Verdict"])
    ragged = r">{\raggedright\arraybackslash}"
    latex = shown.style.hide(axis="index").to_latex(
        environment="longtable",
        hrules=True,
        column_format=rf"@{{}}{ragged}p{{3.25in}}{ragged}p{{1.3in}}l{ragged}p{{0.8in}}@{{}}",
    )
    # A claim stays on the page of its first condition.
    latex = re.sub(r"(\\textbf\{\d+\.\}.*) \\\\$", r"\1 \\\\*", latex, flags=re.MULTILINE)
    return PaperTable(frame, f"{{\\scriptsize\n{latex}}}\n")


def _claim(index: int, conditions: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    first = conditions.iloc[0]
    evidence = ", ".join(rf"\texttt{{{escape(name)}}}" for name in first["evidence"].split(", "))
    rule = r"\midrule " if index > 1 else ""
    source = SOURCES.get(first["source"], first["source"])
    head = rf"{rule}\textbf{{{index}.}} {first['statement']} ({source}; {evidence})"
    rows = [(head, "", "", rf"\textbf{{{first['verdict']}}}")]
    for _, condition in conditions.iterrows():
        gate = "gate, " if condition["part"] == "gate" else ""
        text = rf"\quad {gate}{about(condition)}: {describe(condition)}"
        rows.append((text, value(condition), wanted(condition), condition["outcome"]))
    return rows


def about(condition: "pd.Series[Any]") -> str:
    """Name the run, or what the number belongs to and its setting."""
    if not condition["table"]:
        return plain(condition["run"])
    row = (condition["table"], condition["quantity"])
    words = [subject_words(*row, condition["subject"]), setting_words(*row, condition["setting"])]
    return ", ".join(filter(None, words))


def describe(condition: "pd.Series[Any]") -> str:
    """Say in words what a condition is about (LaTeX)."""
    words = FLOOR_WORDS if condition["of"] == "floor" else STATISTICS.load(condition["statistic"]).NAME
    text: str = words.format(
        of=ALIGNMENT_WORDS[condition["of"]] if condition["of"] else "",
        **{name: _solver(condition[name]) for name in ("solver", "rival")},
        **{name: FAMILIES.get(condition[name], "") for name in ("family", "beside")},
        scope=SCOPE_WORDS.get(condition["scope"], ""),
        replacement=REPLACEMENT_WORDS.get(condition["replacement"], ""),
        reference=plain(condition["reference"]),
        quantity=quantity_words(condition["table"], condition["quantity"]),
        method=NOISE_METHOD_WORDS[condition["method"]] if condition["method"] else "",
        factor="" if math.isnan(condition["factor"]) else setting_number(float(condition["factor"])),
    )
    return text


def _solver(name: str) -> str:
    return prose_name(name).replace("–", "--") if name else ""


def value(condition: "pd.Series[Any]") -> str:
    """Return the value of a condition and its interval, as far as it is possible (LaTeX)."""
    estimate, *between = (float(condition[name]) for name in ("value", "low", "high"))
    quantity = condition["of"] if condition["statistic"] == "alignment" else condition["statistic"]
    least, most = POSSIBLE.get(quantity, (-math.inf, math.inf))
    ends = (estimate, *(float(end) for end in np.clip(between, least, most)))
    return summary_value(*ends) if condition["table"] else with_interval(*ends)


def wanted(condition: "pd.Series[Any]") -> str:
    """Return the bound that a condition has to clear (LaTeX)."""
    above, below, margin = (float(condition[name]) for name in ("above", "below", "margin"))
    tie = "" if math.isnan(margin) else rf", tie $\pm{setting_number(margin)}$"
    if math.isnan(above):
        return rf"$<{setting_number(below)}${tie}"
    if math.isnan(below):
        return rf"$>{setting_number(above)}${tie}"
    return f"{setting_number(above)} to {setting_number(below)}"
