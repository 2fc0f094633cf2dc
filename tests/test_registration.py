"""Records for results without one: only where Snakemake vouches for them, and marked as such."""

import json
from pathlib import Path

import pytest
from invented_results import RESULTS, project, trained

from ickrr.bundles.pack import build_manifest
from ickrr.errors import FileError
from ickrr.records import Records, digest
from ickrr.registration import parse_summary, register

__all__ = ["project"]

HEADER = "output_file\tdate\trule\tlog-file(s)\tinput-file(s)\tshellcmd\tstatus\tplan"
COMMAND = "python -m ickrr train --seed 1 --threads 1 2> log"


def row(name: str, inputs: list[str], status: str = "ok", plan: str = "no update") -> str:
    return "\t".join(
        [str(RESULTS / name), "-", "train_model", "log", ",".join(inputs), COMMAND, status, plan]
    )


def summary(**last: str) -> list[str]:
    inputs = ["src/train.py", "results/smoke/specs/runs/spherical.json"]
    names = trained(1)
    return [HEADER, *(row(name, inputs) for name in names[:-1]), row(names[-1], inputs, **last)]


def test_registered_results_can_be_packed(project: Path) -> None:
    """Fails if a record that was written afterwards does not trace back to settings and code."""
    for name in trained(1):
        (RESULTS / "records" / f"{name}.json").unlink()
    account = {"commit": "abc", "device": "GPU", "start": "2026-01-01T00:00:00+00:00", "unknown": 1}
    (RESULTS / "trained/spherical/seed1/run.json").write_text(json.dumps(account))
    records = Records(RESULTS)
    assert [path.name for path in register(records, parse_summary(summary()))] == [
        Path(name).name for name in trained(1)
    ]
    weights = RESULTS / trained(1)[0]
    record = records.of(weights)
    assert record is not None
    assert record["outputs"][str(weights)] == digest(weights)
    assert record["registered"] is True
    assert (record["commit"], record["device"], record["seed"]) == ("abc", "GPU", [1])
    assert "unknown" not in record
    # The comparison that read the weights recorded their digest: it has not changed.
    assert "trained/spherical/seed1/run.json" in build_manifest(RESULTS, "tables").files


def test_records_that_exist_are_kept(project: Path) -> None:
    """Fails if a true record is replaced by one that was written afterwards."""
    assert list(register(Records(RESULTS), parse_summary(summary()))) == []


@pytest.mark.parametrize(
    "last", [{"plan": "update pending"}, {"status": "missing"}, {"status": "rule changed"}]
)
def test_outdated_job_is_left_out(last: dict[str, str]) -> None:
    """Fails if a result is registered that Snakemake would make again, or a job in part."""
    assert parse_summary(summary(**last)) == []


def test_other_table_is_refused() -> None:
    """Fails if the table of another version of Snakemake is misread."""
    with pytest.raises(FileError, match="has no column 'rule'"):
        parse_summary(["output_file\tstatus", "a\tok"])
