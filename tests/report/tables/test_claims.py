import math
import re
from typing import get_args

import pandas as pd
import pytest

from ickrr.config.claim_terms import ALIGNMENT_WORDS, NOISE_METHOD_WORDS, AlignmentName, NoiseMethod
from ickrr.errors import FileError
from ickrr.report.tables.claims import build, value


@pytest.fixture(scope="module")
def table(experiment, results):
    return build(experiment, results / "tables")


def rows_of(latex):
    body = latex.split(r"\endlastfoot")[1].split(r"\end{longtable}")[0]
    lines = [line.strip().removesuffix("*").removesuffix(r"\\") for line in body.strip().splitlines()]
    return [[cell.strip() for cell in line.split(" & ")] for line in lines if line]


def test_every_verdict_of_the_toy(table):
    """Fails if the toy's claims are not judged as its tables are built to be."""
    verdicts = table.frame.drop_duplicates("claim").set_index("claim")["verdict"].to_dict()
    # Richardson equals the first solver up to noise; the transformer is half way to the optimum.
    assert verdicts == {
        "in_front": "supported",
        "alone": "undecided",
        "ridge": "not supported",
        "built": "supported",
    }


def test_rows_equal_the_parquet(table):
    """Fails if a value, an interval, a bound or a verdict in LaTeX is not that of the table."""
    rows, conditions = rows_of(table.latex), iter(table.frame.itertuples())
    claims = table.frame["claim"].nunique()
    assert len(rows) == claims + len(table.frame)
    for row in rows:
        if r"\textbf" in row[0]:
            assert row[-1].endswith("}")
            number = int(re.search(r"\\textbf\{(\d+)\.\}", row[0])[1])
            first = table.frame.drop_duplicates("claim").iloc[number - 1]
            assert first["statement"] in row[0]
            assert row[3] == rf"\textbf{{{first['verdict']}}}"
            continue
        condition = next(conditions)
        if condition.statistic == "summary":
            assert row[0] == r"\quad built models, fixed ridge: largest error over the accuracy asked for"
            assert float(row[1]) == pytest.approx(condition.value, rel=1e-2)
            assert (row[2], row[3]) == ("$<1$", condition.outcome)
            continue
        assert row[0].startswith(rf"\quad {condition.run.replace('_', ' ')}: ")
        shown = [float(found) for found in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", row[1])]
        places = len(row[1].split("[")[-1].split(",")[0].strip("}").partition(".")[2])
        ends = [] if math.isnan(condition.low) else [condition.low, condition.high]  # few trainings have none
        expected = [condition.value, *ends]
        assert shown == pytest.approx(expected, abs=0.51 * 10**-places)
        assert row[3] == condition.outcome
        bounds = [float(found) for found in re.findall(r"-?\d+\.?\d*", row[2])]
        assert bounds == [bound for bound in (condition.above, condition.below) if bound == bound]


@pytest.mark.parametrize(
    ("statistic", "of", "ends", "shown"),
    [
        ("named_share", "", (0.03, -0.03, 0.1), [0.03, 0.0, 0.1]),
        ("alignment", "kendall_tau", (0.99, 0.96, 1.02), [0.99, 0.96, 1.0]),
        ("addition", "", (0.98, -0.1, 1.2), [0.98, -0.1, 1.2]),
        ("lead", "censored_share", (-0.2, -0.3, -0.1), [-0.2, -0.3, -0.1]),
    ],
)
def test_impossible_ends_are_not_shown(statistic, of, ends, shown):
    """Fails if a share below zero or a rank correlation above one is printed, or a coefficient is cut."""
    condition = pd.Series(
        {
            "statistic": statistic,
            "of": of,
            "table": "",
            **dict(zip(("value", "low", "high"), ends, strict=True)),
        }
    )
    found = [float(number) for number in re.findall(r"-?\d+\.?\d*", value(condition))]
    assert found == pytest.approx(shown, abs=0.005)


def test_frame_is_the_judged_table(table, results):
    """Fails if the table of the paper is not the one that the macros of the text come from."""
    pd.testing.assert_frame_equal(table.frame, pd.read_parquet(results / "tables/claims.parquet"))


def test_missing_claims_are_named(experiment, tmp_path):
    """Fails if a person gets a traceback."""
    with pytest.raises(FileError, match=r"tables/claims\.parquet: no such table"):
        build(experiment, tmp_path / "tables")


def test_whatever_a_condition_may_name_has_words():
    """Fails if this table, the last but one job, is the first to miss the words for what claims may name."""
    assert {*ALIGNMENT_WORDS} == {*get_args(AlignmentName)}
    assert {*NOISE_METHOD_WORDS} == {*get_args(NoiseMethod)}
