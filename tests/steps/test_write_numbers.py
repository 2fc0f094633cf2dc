"""The fixtures are those of the report, which this directory does not see by itself."""

import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from ickrr.__main__ import main
from ickrr.code import import_closure

_PATH = Path(__file__).resolve().parents[1] / "report/conftest.py"
_SPEC = importlib.util.spec_from_file_location("report_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
experiment, results = _MODULE.experiment, _MODULE.results


def arguments(results, folder):
    records = sorted((results / "records").rglob("weights.safetensors.json"))
    return [
        "write_numbers",
        *("--experiment", str(results / "specs/experiment.json")),
        *("--tables", *map(str, sorted((results / "tables").rglob("*.parquet")))),
        *("--claims", str(results / "tables/claims.parquet")),
        *("--records", *map(str, records)),
        *("--judged", str(records[0])),
        *("--numbers", str(folder / "numbers.tex")),
        *("--provenance", str(folder / "provenance.tex")),
    ]


def test_writes_macros_with_the_same_bytes_twice(results, tmp_path):
    """Fails if a macro is defined twice or unreadable for TeX, or a second run writes other bytes."""
    assert main(arguments(results, tmp_path / "a")) == 0
    assert main(arguments(results, tmp_path / "b")) == 0
    names = []
    for file in ("numbers.tex", "provenance.tex"):
        text = (tmp_path / "a" / file).read_text()
        assert text == (tmp_path / "b" / file).read_text()
        # Links of figures and tables are named by their files (ickrr.report.numbers.links).
        lines = [
            line for line in text.splitlines() if not line.startswith("\\expandafter\\def\\csname origin@")
        ]
        assert all(re.fullmatch(r"\\newcommand\{\\[A-Za-z]+\}\{.+\}", line) for line in lines)
        assert all(line.count("{") == line.count("}") for line in lines)
        names += [re.match(r"\\newcommand\{(\\[A-Za-z]+)\}", line)[1] for line in lines]
    assert len(names) == len(set(names))
    assert r"\SphericalSimilarityOrder" in names
    assert r"\ScaleName" in names


def test_missing_pairs_are_named_and_nothing_is_written(results, tmp_path, capsys):
    """Fails if verdicts are written without the paired differences behind them."""
    copy = shutil.copytree(results, tmp_path / "results")
    (copy / "tables/spherical/pairs.parquet").unlink()
    assert main(arguments(copy, tmp_path / "out")) == 1
    assert "spherical/pairs.parquet: is read, but is none of the inputs" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("step", ["write_numbers", "write_table"])
def test_closure_is_the_report_and_the_schema_only(step):
    """Fails if an edit of training, solvers or figures would rewrite the numbers."""
    names = {path.as_posix().split("src/ickrr/")[1] for path in import_closure(f"ickrr.steps.{step}")}
    allowed = ("report/", "config/", "steps/")
    assert {n for n in names if not n.startswith(allowed)} <= {
        *("__init__.py", "entries.py", "errors.py", "row_keys.py", "io/__init__.py", "io/files.py"),
        *("model/__init__.py", "model/size.py"),
    }
    assert not {n for n in names if n.startswith(("report/figures/", "report/style"))}
