"""Records: every result is described by what its job read and wrote, and damage is noticed before reading."""

import hashlib
import json
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from invented_results import RESULTS, make, project
from support import ROOT, Mount

from ickrr.__main__ import main
from ickrr.config.load import load_experiment
from ickrr.config.specs import resolved_specs
from ickrr.errors import FileError
from ickrr.records import Records, digest

__all__ = ["project"]

WEIGHTS = RESULTS / "trained/spherical/seed0/weights.safetensors"
PREDICTIONS = RESULTS / "predictions/spherical/seed0.safetensors"
TABLE = RESULTS / "tables/spherical/errors.parquet"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_another_run(path: Path) -> None:
    shutil.copy(RESULTS / "trained/spherical/seed1/weights.safetensors", path)


@pytest.mark.parametrize("damage", [flip, truncate, empty, of_another_run])
@pytest.mark.parametrize("file", [WEIGHTS, PREDICTIONS, TABLE], ids=["weights", "predictions", "table"])
def test_damaged_input_stops_the_job_by_name(
    project: Path, file: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a job reads weights, predictions or a table that is not what its rule wrote."""
    make("probe_model", [], ["predictions/spherical/seed0.safetensors"])
    damage(file)
    job = ["--rule", "r", "--recorded-in", str(RESULTS), "--reads", str(file), "--writes", "out"]
    assert main(["config", *job]) == 1
    message = capsys.readouterr().err
    assert f"error: {file}: is not what rule" in message
    assert "delete it and run snakemake again" in message
    assert not Path("out").exists()


def test_missing_input_is_named(project: Path) -> None:
    """Fails if a file that is gone ends in a traceback."""
    TABLE.unlink()
    with pytest.raises(FileError, match=r"errors\.parquet: no such file; run snakemake"):
        Records(RESULTS).check([TABLE])


def test_damaged_record_is_named(project: Path) -> None:
    """Fails if a record that cannot be read lets its file through."""
    path = Records(RESULTS).path(TABLE)
    assert path is not None
    path.write_text("{}")
    with pytest.raises(FileError, match=r"errors\.parquet\.json: is not a record"):
        Records(RESULTS).check([TABLE])


def test_digest_is_sha256(tmp_path: Path) -> None:
    """Fails if large files are digested in a way that sha256sum does not confirm."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom((1 << 20) + 7))
    assert digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def sampling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Command line of a job that samples 128 prompts."""
    monkeypatch.chdir(tmp_path)
    spec = RESULTS / "specs/prompts/spherical-evaluation.json"
    spec.parent.mkdir(parents=True)
    text = resolved_specs(load_experiment(ROOT / "config.yaml", "smoke"))["prompts/spherical-evaluation.json"]
    spec.write_text(text)
    output = str(RESULTS / "prompts/spherical-evaluation.safetensors")
    job = [
        "--rule",
        "sample_prompts",
        "--recorded-in",
        str(RESULTS),
        "--reads",
        str(spec),
        "--writes",
        output,
    ]
    return ["sample", "--prompts", str(spec), "--output", output, *job]


def test_job_leaves_a_record(sampling: list[str]) -> None:
    """Fails if a record lacks what traces a result back, or its digests are not those of the files."""
    assert main(sampling) == 0
    record = json.loads((RESULTS / "records/prompts/spherical-evaluation.safetensors.json").read_text())
    spec, output = sampling[2], sampling[4]
    assert record["outputs"] == {output: digest(output)}
    assert record["inputs"] == {spec: digest(spec)}
    assert record["settings"][spec]["task"]["law"] == "spherical"
    assert record["rule"] == "sample_prompts"
    assert record["start"] <= record["end"]
    assert {"code", "commit", "versions", "machine", "device"} <= set(record)
    assert Records(RESULTS).recorded() == [Path(output)]


def test_failed_job_leaves_no_record(sampling: list[str]) -> None:
    """Fails if the record of an earlier result outlives a job that was to replace it."""
    assert main(sampling) == 0
    Path(sampling[2]).write_text("{}")
    assert main(sampling) == 1
    assert Records(RESULTS).recorded() == []


def run_as_nobody(arguments: list[str], log: str) -> None:
    """Run a verb in a forked process that has given up root, its messages in a file."""
    sys.stderr = open(log, "w")  # noqa: SIM115 - the process ends with it
    os.setgid(65534)
    os.setuid(65534)
    sys.exit(main(arguments))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give up root")
def test_missing_permission_is_one_line(sampling: list[str], tmp_path: Path) -> None:
    """Fails if a folder that may not be written ends in a traceback, or in a result."""
    assert main(sampling) == 0  # imports what nobody may not read
    (RESULTS / "prompts/spherical-evaluation.safetensors").unlink()
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):  # pytest's own
        folder.chmod(0o755)
    context = multiprocessing.get_context("fork")
    log = tmp_path / "log"
    log.touch()
    log.chmod(0o666)
    process = context.Process(target=run_as_nobody, args=(sampling, str(log)))
    process.start()
    process.join()
    assert process.exitcode == 1
    (message,) = log.read_text().splitlines()
    assert "you may not write or read there: change the permissions" in message
    assert not (RESULTS / "prompts/spherical-evaluation.safetensors").exists()


def test_full_disk_is_one_line(sampling: list[str], mount: Mount, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a full disk ends in a traceback or leaves half a file under its final name."""
    mount(RESULTS / "prompts", "size=4k")
    assert main(sampling) == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert "the disk is full: free some space, and run it again" in message
    assert list((RESULTS / "prompts").iterdir()) == []


def test_read_only_results_are_one_line(
    sampling: list[str], mount: Mount, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a read-only file system ends in a traceback; it binds root too."""
    mount(RESULTS / "prompts", "ro")
    assert main(sampling) == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert "the file system is read-only" in message
