"""The doctor sees what is wrong, and says what to do."""

import os
from pathlib import Path

import pytest
from invented_results import RESULTS, project
from support import ROOT

from ickrr import doctor, driver
from ickrr.bundles.pack import pack

__all__ = ["project"]


def test_all_is_well_in_this_project() -> None:
    """Fails if a working checkout is told to repair something."""
    findings = [doctor.environment(ROOT), doctor.tex(), doctor.config(ROOT, "smoke", None), doctor.disk(ROOT)]
    assert [str(finding) for finding in findings if finding.state != "ok"] == []


def test_lock_of_a_run_is_seen(tmp_path: Path) -> None:
    """Fails if a run in progress is taken for none."""
    assert doctor.lock(tmp_path).state == "ok"
    lock = driver.take_lock(tmp_path)
    assert str(os.getpid()) in doctor.lock(tmp_path).text
    os.close(lock)


def test_stale_lock_of_snakemake_is_seen(tmp_path: Path) -> None:
    """Fails if the lock that a kill leaves is not recognised, or one of a live run is called stale."""
    assert doctor.stale_locks(tmp_path).state == "ok"
    locks = tmp_path / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").touch()
    found = doctor.stale_locks(tmp_path)
    assert found.state == "BAD"
    assert found.text.endswith("run snakemake --unlock")
    lock = driver.take_lock(tmp_path)
    assert doctor.stale_locks(tmp_path).state == "ok"
    os.close(lock)


def test_damaged_result_is_seen(project: Path) -> None:
    """Fails if results are called sound without being read."""
    assert doctor.records(RESULTS).state == "ok"
    (RESULTS / "tables/spherical/errors.parquet").write_bytes(b"")
    found = doctor.records(RESULTS)
    assert found.state == "BAD"
    assert "errors.parquet: is not what rule tabulate_run wrote" in found.text


def test_bundle_is_read(project: Path) -> None:
    """Fails if a bundle that cannot be restored is called good."""
    assert doctor.bundle(project, "smoke").state == "note"
    path = project / "bundles" / "smoke-tables.tar.xz"
    pack(RESULTS, "tables", path)
    assert doctor.bundle(project, "smoke").state == "ok"
    path.write_bytes(path.read_bytes()[:100])
    (found,) = [finding for finding in doctor.examine(project, "smoke") if finding.what == "bundle"]
    assert found.state == "BAD"
    assert "is damaged or truncated" in found.text


@pytest.mark.skipif(os.getuid() != 0, reason="a read-only mount needs root")
def test_results_that_cannot_be_written_are_seen() -> None:
    """Fails if results on a read-only file system are called writable; /proc binds root too."""
    found = doctor.writable(Path("/proc/results"))
    assert found.state == "BAD"
    assert "make it writable" in found.text
