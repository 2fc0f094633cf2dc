"""`python -m benchmarks` without measuring: rows are kept, replaced and written as they were measured."""

import csv
import json
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from support import ROOT

ROW = {
    "benchmark": "all prefixes",
    "peer": "somebody",
    "ours_s": 0.5,
    "peer_s": 2.0,
    "ratio": 4.0,
    "ratio_low": 3.9,
    "ratio_high": 4.25,
    "note": "one thread",
}
LONE = {**ROW, "peer": "", "peer_s": None, "ratio": None, "ratio_low": None, "ratio_high": None}


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Call the runner on invented measurements, in a folder of its own."""
    monkeypatch.syspath_prepend(ROOT)
    runner = import_module("benchmarks.__main__")
    (tmp_path / "README.md").write_text((ROOT / "benchmarks" / "README.md").read_text())

    def call(name: str, rows: list[dict[str, object]]) -> Path:
        invented = ModuleType(f"benchmarks.{name}")
        invented.measure = lambda: rows  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, f"benchmarks.{name}", invented)
        monkeypatch.setattr(sys, "argv", ["benchmarks", name, "--folder", str(tmp_path)])
        runner.main()
        return tmp_path

    return call


def test_rows_are_written_three_times(run) -> None:
    """Fails if a number is lost, a benchmark that is not named loses its rows, or old rows pile up."""
    run("probes", [ROW])
    run("kernel_ridge", [LONE])
    folder = run("probes", [{**ROW, "ours_s": 0.25, "ratio": 8.0}])
    stored = json.loads((folder / "results.json").read_text())
    assert [(row["name"], row["ratio"]) for row in stored["rows"]] == [
        ("kernel_ridge", None),
        ("probes", 8.0),
    ]
    with (folder / "results.csv").open() as handle:
        assert [row["ours_s"] for row in csv.DictReader(handle)] == ["0.5", "0.25"]
    readme = (folder / "README.md").read_text()
    assert readme.count("| all prefixes |") == 2
    assert "| all prefixes | somebody | 0.25 | 2 | 8 (3.9..4.25) | one thread |" in readme
    assert f"Python {stored['machine']['Python']}" in readme
    assert readme.startswith("# Benchmarks\n")
    assert (folder / "ratios.png").stat().st_size > 1000


def test_rows_of_another_machine_are_dropped(run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if one table mixes machines."""
    run("kernel_ridge", [ROW])
    stored = json.loads((tmp_path / "results.json").read_text())
    stored["machine"]["processor"] = "another one"
    (tmp_path / "results.json").write_text(json.dumps(stored))
    run("probes", [ROW])
    assert "another machine" in capsys.readouterr().out
    assert [row["name"] for row in json.loads((tmp_path / "results.json").read_text())["rows"]] == ["probes"]


@pytest.mark.parametrize(
    "name",
    [
        *("kernel_ridge", "trajectories", "probes", "training", "training_step", "floors"),
        *("pipeline", "growth"),
    ],
)
def test_every_benchmark_can_be_imported(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Fails if a benchmark no longer fits the library that it imports."""
    monkeypatch.syspath_prepend(ROOT)
    assert callable(import_module(f"benchmarks.{name}").measure)


def test_seconds_of_jobs_are_summed_from_snakemake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Fails if a job's benchmark file is missed or another column is read."""
    monkeypatch.syspath_prepend(ROOT)
    for name, seconds in (("a/one", 1.5), ("two", 2.0)):
        path = tmp_path / f"{name}.tsv"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"s\th:m:s\tmax_rss\n{seconds}\t0:00:01\t7\n")
    assert sorted(import_module("benchmarks.pipeline").job_seconds(tmp_path)) == [1.5, 2.0]
