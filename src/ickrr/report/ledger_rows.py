"""One row a claim: what decides it, its value and its verdict, for the ledger of the paper and its text.

A claim may have many conditions. The one that stands for it is the first with the verdict of the claim: the
one that failed, that could not be decided, or the first of those that hold. A claim that was not tested is
shown with the first condition of its gate that does not hold.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.deciding import deciding
from ickrr.report.formatting import escape
from ickrr.report.load import Tables, load_other
from ickrr.report.table import PaperTable
from ickrr.report.tables.claims import SOURCES, about, describe, value, wanted

COLUMNS: Final = (
    "claim",
    "source",
    "statement",
    "evidence",
    "conditions",
    "holding",
    "run",
    "decided_by",
    "value",
    "low",
    "high",
    "verdict",
)
FORMAT: Final = (
    r"@{}r@{\enspace}>{\raggedright\arraybackslash}p{3.05in}>{\raggedright\arraybackslash}p{2.15in}"
    r">{\raggedright\arraybackslash}p{0.62in}@{}"
)


def builder_of(*sources: str) -> Callable[[Experiment, Tables], PaperTable]:
    """Return the function that builds the table of some sources' claims from the table ``claims.parquet``.

    It raises `FileError` if the judged claims are missing or not theirs.
    """

    def build(experiment: Experiment, tables: Tables) -> PaperTable:
        del experiment  # every table has the same signature
        return ledger_table(load_other(tables, "claims"), sources)

    return build


def ledger_table(claims: pd.DataFrame, sources: Sequence[str]) -> PaperTable:
    """Return the claims of some sources, one row each: the columns of `COLUMNS`, and a `tabular`.

    Args:
        claims: table `claims`.
        sources: values of its column `source`.
    """
    rows: list[dict[Any, Any]] = []
    shown: list[list[str]] = []
    chosen = claims[claims["source"].isin(sources)]
    for number, (_, conditions) in enumerate(chosen.groupby("claim", sort=False), 1):
        row, rule = deciding(conditions), conditions[conditions["part"] == "rule"]
        holding = int((rule["outcome"] == "supported").sum())
        cells = row[[name for name in COLUMNS if name in row]].to_dict()
        rows.append(cells | {"conditions": len(rule), "holding": holding, "decided_by": describe(row)})
        shown.append([f"{number}.", _claim(row), _condition(row, holding, len(rule)), row["verdict"]])
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    columns = ["", "Claim", "What decides it, and its value", "Verdict"]
    latex = (
        pd.DataFrame(shown, columns=columns)
        .style.hide(axis="index")
        .to_latex(hrules=True, column_format=FORMAT)
    )
    return PaperTable(frame, f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{4pt}}\n{latex}}}\n")


def _claim(row: "pd.Series[Any]") -> str:
    source = SOURCES.get(row["source"], row["source"])
    named = "" if source == "ours" else f"{source}; "
    evidence = ", ".join(map(_evidence, row["evidence"].split(", ")))
    return f"{row['statement']} ({named}{evidence})"


def _condition(row: "pd.Series[Any]", holding: int, conditions: int) -> str:
    gate = "gate: " if row["part"] == "gate" else ""
    text = f"{gate}{about(row)}: {describe(row)}: {value(row)}, wanted {wanted(row)}"
    return text if conditions == 1 else f"{text} ({holding} of {conditions} hold)"


def _evidence(name: str) -> str:
    """Refer to a figure or table: by its label, which is its name without the underscore, or by its name."""
    label = re.sub("^(fig|tab)_?", r"\1:", name)
    return rf"\evidence{{{label}}}{{{escape(name)}}}"
