"""The catalogue of summary tables, and claims that name rows which no table will have."""

from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
import yaml
from support import ROOT, Paper

from ickrr.config.experiment import Experiment, SummaryTable
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.config.summaries import SUMMARIES
from ickrr.errors import ConfigError

CONFIG = ROOT / "config.yaml"
CLAIMS = ROOT / "claims.yaml"
TABLES = get_args(SummaryTable)
HEAD = "one:\n  source: ours\n  statement: s\n  evidence: [fig1]\n  conditions:\n"


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return load_experiment(CONFIG)


def refusal(folder: Path, experiment: Experiment, **row: str) -> str:
    """What a person reads of a claim about one row of a summary table."""
    written = yaml.safe_dump({"statistic": "summary", "above": 0, **row}, default_flow_style=True, width=999)
    (folder / "claims.yaml").write_text(f"{HEAD}    - {written}")
    with pytest.raises(ConfigError) as caught:
        load_ledger(folder / "claims.yaml", experiment)
    return str(caught.value)


def rows_of(experiment: Experiment, table: SummaryTable) -> set[tuple[str, str, str]]:
    """Every row that the catalogue says a table has."""
    return {
        (quantity, subject, setting)
        for quantity, entry in SUMMARIES[table].items()
        for subject in entry.subjects.known(experiment)
        for setting in entry.settings.known(experiment)
    }


def test_every_summary_table_is_in_the_catalogue() -> None:
    """Fails if a table is added to the schema whose claims nobody could check."""
    assert tuple(SUMMARIES) == TABLES


@pytest.mark.parametrize("table", TABLES)
def test_smoke_tables_hold_what_the_catalogue_says(smoke_paper: Paper, table: SummaryTable) -> None:
    """Fails if a step writes a row that the catalogue lacks, or none of what it has."""
    found = pd.read_parquet(smoke_paper.path / f"results/smoke/tables/{table}.parquet")
    rows = list(found[["quantity", "subject", "setting"]].itertuples(index=False, name=None))
    assert len(rows) == len(set(rows))
    assert set(rows) == rows_of(load_experiment(CONFIG, "smoke"), table)


@pytest.mark.parametrize("table", TABLES)
def test_misspelt_rows_are_found_while_the_configuration_is_read(
    tmp_path: Path, experiment: Experiment, table: SummaryTable
) -> None:
    """Fails if a slip of the pen in any quantity, subject or setting is found only when claims are judged."""
    for row in sorted(rows_of(experiment, table)):
        names = dict(zip(("quantity", "subject", "setting"), row, strict=True))
        for argument, name in names.items():
            found = refusal(tmp_path, experiment, **{**names, "table": table, argument: f"{name}x"})
            place = f"{tmp_path}/claims.yaml:6: one.conditions.0.{argument}: "
            of = table if argument == "quantity" else f"{names['quantity']} in {table}"
            assert found.startswith(f"{place}found '{name}x', which is not a {argument} of {of}"), found
            assert len(found.splitlines()) == 1
            allowed = found.partition("; allowed: ")[2].split(", ")
            assert (name or "''") in allowed
            if len(name) > 2:
                assert "(did you mean '" in found


@pytest.mark.parametrize(
    ("row", "overlay", "expected"),
    [
        (
            ("construction/summary", "divergence_share", "ridge", "fixed_noise"),
            {},
            "of divergence_share in construction/summary (did you mean 'fixed'?); allowed: fixed, scaled",
        ),
        (
            ("metarep/width", "fall", "gaussian", "1"),
            {"width": {"ridges": [0.5]}},
            "setting: found '1', which is not a setting of fall in metarep/width; allowed: 0.5",
        ),
        (
            ("metarep/operators", "silent", "paired", "law"),
            {"operators": {"runs": ["spherical"]}},
            "found 'paired', which is not a subject of silent in metarep/operators; allowed: spherical",
        ),
        (
            ("metarep/operators", "gaussian_best", "paired", "noise=3"),
            {},
            "found 'noise=3', which is not a setting of gaussian_best in metarep/operators (did you mean",
        ),
        (
            ("metarep/anchor", "agreement", "linear_regression", "matrix"),
            {"operators": {"anchor": None}, "tables-": ["tab_metarep"]},
            "which is not a subject of agreement in metarep/anchor; allowed: none",
        ),
    ],
)
def test_rows_that_the_settings_keep_out_of_a_table(
    tmp_path: Path, row: tuple[str, ...], overlay: dict[str, Any], expected: str
) -> None:
    """Fails if the settings keep a number out of its table and the claim misses it after all trainings."""
    names = dict(zip(("table", "quantity", "subject", "setting"), row, strict=True))
    experiment = load_experiment(CONFIG, overrides=overlay)
    assert expected in refusal(tmp_path, experiment, **names)


@pytest.mark.parametrize("scale", ["smoke", "laptop", "desk", "paper"])
def test_every_claim_of_the_project_names_a_row(scale: str) -> None:
    """Fails if a rule of the project's ledger cannot be judged at one of the scales."""
    experiment = load_experiment(CONFIG, scale)
    ledger = load_ledger(CLAIMS, experiment)
    asked = [one for claim in ledger.claims.values() for one in claim.conditions if one.table]
    assert {one.table for one in asked} == set(TABLES)
    for one in asked:
        assert one.table is not None
        assert (one.quantity, one.subject, one.setting) in rows_of(experiment, one.table)
