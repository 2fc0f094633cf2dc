"""The fixtures are those of the report, which this directory does not see by itself."""

import importlib.util
from pathlib import Path

import pandas as pd

from ickrr.__main__ import main

_PATH = Path(__file__).resolve().parents[1] / "report/conftest.py"
_SPEC = importlib.util.spec_from_file_location("report_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
experiment, results = _MODULE.experiment, _MODULE.results


def arguments(results, folder, table):
    return [
        "write_table",
        *("--table", table),
        *("--experiment", str(results / "specs/experiment.json")),
        *("--results", str(results)),
        *("--latex", str(folder / "latex/t.tex")),
        *("--parquet", str(folder / "t.parquet")),
        *("--csv", str(folder / "t.csv")),
    ]


def test_writes_the_same_rows_three_times_and_the_same_bytes_twice(results, tmp_path):
    """Fails if the three files disagree, or a second run writes other bytes."""
    for table in ("tab_setup", "tab_alignment"):
        first, second = tmp_path / table / "1", tmp_path / table / "2"
        assert main(arguments(results, first, table)) == 0
        assert main(arguments(results, second, table)) == 0
        for name in ("latex/t.tex", "t.parquet", "t.csv"):
            assert (first / name).read_bytes() == (second / name).read_bytes()
        frame = pd.read_parquet(first / "t.parquet")
        text = pd.read_csv(first / "t.csv", keep_default_na=table == "tab_alignment")
        if table == "tab_alignment":
            pd.testing.assert_frame_equal(frame, text, check_dtype=False)
        else:
            assert frame.astype(str).to_numpy().tolist() == text.astype(str).to_numpy().tolist()


def test_unknown_table_and_missing_input_are_one_message(results, tmp_path, capsys):
    """Fails if a person gets a traceback, or a message that does not say which tables there are."""
    assert main(arguments(results, tmp_path, "tab_nothing")) == 1
    assert "tables.tab_nothing is no table" in capsys.readouterr().err
    assert main(arguments(tmp_path, tmp_path, "tab_setup")) == 1
    assert "specs/experiment.json: cannot be read" in capsys.readouterr().err
    assert not (tmp_path / "latex").exists()
