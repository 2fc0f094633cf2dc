"""The tool `claims` prints verdicts and what decides them."""

import importlib.util
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ickrr.__main__ import main

_PATH = Path(__file__).resolve().parents[1] / "report/conftest.py"
_SPEC = importlib.util.spec_from_file_location("report_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
experiment, results = _MODULE.experiment, _MODULE.results


@pytest.fixture
def judged(results, tmp_path, monkeypatch):
    """The judged ledger of the toy as results of a scale, in the working directory."""
    shutil.copytree(results, tmp_path / "results/laptop")
    monkeypatch.chdir(tmp_path)
    return pd.read_parquet("results/laptop/tables/claims.parquet")


def test_all_claims_have_a_line(judged, capsys):
    """Fails if a claim is missing, or has another verdict than in the ledger."""
    assert main(["claims", "--scale", "laptop"]) == 0
    *lines, counts = capsys.readouterr().out.splitlines()
    verdicts = judged.drop_duplicates("claim").set_index("claim")["verdict"]
    assert [line.split()[0] for line in lines] == list(verdicts.index)
    for line, verdict in zip(lines, verdicts, strict=True):
        assert line.split(maxsplit=1)[1].startswith(f"{verdict} ")
    assert counts.startswith(f"{len(verdicts)} claims: ")
    for verdict, count in verdicts.value_counts().items():
        assert f"{count} {verdict}" in counts


def test_one_claim_is_told_whole(judged, capsys):
    """Fails if statement, value with interval, bound, outcome, runs or files of a condition are left out."""
    for name, conditions in judged.groupby("claim"):
        assert main(["claims", name, "--scale", "laptop"]) == 0
        told = capsys.readouterr().out
        first = conditions.iloc[0]
        assert told.startswith(f"{name}: {first['verdict']}\n  {first['statement']}\n")
        for row in conditions.to_dict("records"):
            assert f"{row['value'] + 0.0:.4g}" in told or f"{row['value']}" == "nan"
            if row["low"] < row["high"]:
                assert f"[{row['low']:.4g}, {row['high']:.4g}]" in told
            bound = "above" if row["above"] == row["above"] else "below"
            assert f"wanted {bound} {row[bound]:g}" in told or "wanted between" in told
            assert f"  {row['outcome']}: " in told
            assert f"({row['statistic']})" in told
            if row["run"]:
                assert row["run"] in told.split("  runs: ")[1].splitlines()[0]
        files = [line.removeprefix("  rests on ") for line in told.splitlines() if "rests on" in line]
        assert files and all(Path(file).is_file() for file in files)


def test_the_rule_is_said_where_it_decides(judged, capsys):
    """Fails if a person cannot see why one failed condition sinks a claim, or does not."""
    claims = judged.groupby("claim")["outcome"].agg(set)
    mixed = [name for name, outcomes in claims.items() if len(outcomes) > 1]
    assert mixed
    for name in mixed:
        main(["claims", name, "--scale", "laptop"])
        assert "of which all must hold" in capsys.readouterr().out


def test_an_unknown_claim_is_answered_with_the_nearest(judged, capsys):
    """Fails if a slip of the pen is not recognised."""
    name = judged["claim"].iloc[0]
    assert main(["claims", f"{name}s", "--scale", "laptop"]) == 1
    assert f"found '{name}s', which is not a claim (did you mean '{name}'?)" in capsys.readouterr().err


def test_without_a_ledger_there_is_one_message(tmp_path, monkeypatch, capsys):
    """Fails if results that are not made yet end in a traceback."""
    monkeypatch.chdir(tmp_path)
    assert main(["claims", "--scale", "smoke"]) == 1
    message = "error: results/smoke/tables/claims.parquet: no such file; run snakemake to make it\n"
    assert capsys.readouterr().err == message
