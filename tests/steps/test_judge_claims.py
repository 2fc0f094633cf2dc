"""The fixtures are those of the report, which this directory does not see by itself."""

import importlib.util
import shutil
from pathlib import Path

import pandas as pd
from support import READING_TABLES

from ickrr.__main__ import main
from ickrr.code import import_closure
from ickrr.io.files import write_json

_PATH = Path(__file__).resolve().parents[1] / "report/conftest.py"
_SPEC = importlib.util.spec_from_file_location("report_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
experiment, results = _MODULE.experiment, _MODULE.results


def arguments(results, ledger, output):
    write_json(ledger, _MODULE.toy_ledger().model_dump(mode="json"))
    return [
        "judge_claims",
        *("--claims", str(ledger)),
        *("--experiment", str(results / "specs/experiment.json")),
        *("--tables", *map(str, sorted((results / "tables").rglob("*.parquet")))),
        *("--judged", str(output)),
    ]


def test_writes_the_judged_claims_with_the_same_bytes_twice(results, tmp_path):
    """Fails if the file is not what `judge` returns, or a second run writes other bytes."""
    for name in ("a", "b"):
        assert main(arguments(results, tmp_path / "claims.json", tmp_path / name)) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    expected = pd.read_parquet(results / "tables/claims.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "a"), expected)


def test_missing_table_is_named_and_nothing_is_written(results, tmp_path, capsys):
    """Fails if a claim is judged without its table, or a person gets a traceback."""
    copy = shutil.copytree(results, tmp_path / "results")
    (copy / "tables/noise_01/pairs.parquet").unlink()
    assert main(arguments(copy, tmp_path / "claims.json", tmp_path / "out")) == 1
    assert "noise_01/pairs.parquet: is read, but is none of the inputs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_closure_is_the_report_and_the_schema_only():
    """Fails if an edit of figures, tables of the paper, training or solvers would judge the claims again.

    Its rule adds the modules of the statistics that the ledger names, and no others.
    """
    names = {path.as_posix().split("src/ickrr/")[1] for path in import_closure("ickrr.steps.judge_claims")}
    assert {n for n in names if n.startswith("report/")} == {
        "report/__init__.py",
        *(f"report/{name}.py" for name in ("intervals", "judge", "load", "studies")),
        *("report/statistics/__init__.py", "report/statistics/question.py"),
    }
    assert "config/load.py" not in names
    others = {n for n in names if not n.startswith(("report/", "config/", "steps/"))}
    assert others == READING_TABLES
