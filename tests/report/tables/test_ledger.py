"""The tables of the ledger in short: one row a claim, with the condition that stands for it."""

import pandas as pd
import pytest

from ickrr.report.ledger_rows import COLUMNS, deciding, ledger_table
from ickrr.report.tables import builder


@pytest.fixture(scope="module")
def claims(results):
    return pd.read_parquet(results / "tables/claims.parquet")


def test_every_claim_stands_in_one_table(claims, experiment, results):
    """Fails if a claim is lost between the four tables, stands in two, or has another verdict there."""
    names = ("tab_ledger_abstract", "tab_ledger_reviews", "tab_ledger_metarep", "tab_ledger_ours")
    tables = [builder(name)(experiment, results / "tables").frame for name in names]
    joined = pd.concat(tables)
    assert list(joined.columns) == list(COLUMNS)
    expected = claims.drop_duplicates("claim").set_index("claim")["verdict"].to_dict()
    assert joined.set_index("claim")["verdict"].to_dict() == expected
    assert len(joined) == len(expected)


def test_counts_are_those_of_the_conditions(claims):
    """Fails if a row counts the conditions of the gate, or those that do not hold."""
    frame = ledger_table(claims, ["ours", "abstract", "review", "summary", "metarepicl"]).frame
    for row in frame.itertuples():
        rule = claims[(claims["claim"] == row.claim) & (claims["part"] == "rule")]
        assert row.conditions == len(rule)
        assert row.holding == (rule["outcome"] == "supported").sum()


def conditions(verdict, *outcomes):
    """Invented conditions of one claim: (part, outcome) each."""
    parts, found = zip(*outcomes, strict=True)
    return pd.DataFrame({"part": parts, "outcome": found, "verdict": verdict, "value": range(len(found))})


@pytest.mark.parametrize(
    ("verdict", "outcomes", "shown"),
    [
        ("not supported", [("rule", "supported"), ("rule", "not supported"), ("rule", "not supported")], 1),
        ("supported", [("gate", "supported"), ("rule", "supported")], 1),
        ("undecided", [("rule", "supported"), ("rule", "undecided")], 1),
        ("not tested", [("gate", "supported"), ("gate", "undecided"), ("rule", "supported")], 1),
    ],
)
def test_the_condition_that_decides_is_shown(verdict, outcomes, shown):
    """Fails if a claim is shown with a condition that did not decide it, or with that of an open gate."""
    assert deciding(conditions(verdict, *outcomes))["value"] == shown


def test_evidence_is_named_by_its_label(claims):
    """Fails if LaTeX cannot find the label of a figure or table from its name."""
    latex = ledger_table(claims, claims["source"].unique().tolist()).latex
    assert r"\evidence{fig:1}{fig1}" in latex
    assert r"\evidence{tab:construction}{tab\_construction}" in latex or "tab_" not in latex
