"""The tool `check` finds what is wrong and says what to do."""

import argparse
import os
import re
from pathlib import Path

import pytest
from invented_results import RESULTS, project
from support import ROOT

from ickrr.bundles.restoring import restore
from ickrr.driver import supervision
from ickrr.errors import ConfigError
from ickrr.tools import check

__all__ = ["project"]


def test_all_is_well_in_this_project() -> None:
    """Fails if a working checkout is told to repair something."""
    findings = [
        check.environment(ROOT / "envs/common.txt"),
        check.configuration("smoke"),
        check.tex(),
        check.notebooks(),
        check.disk(ROOT / "results", "smoke"),
    ]
    assert [str(finding) for finding in findings if finding.state != "ok"] == []


@pytest.mark.parametrize(
    ("pin", "state"),
    [
        ("numpy==0.1 \\\n    --hash=sha256:0", "BAD"),
        ("no-such-package==1.0 \\\n    --hash=sha256:0", "BAD"),
        ("no-such-package==1.0 ; sys_platform == 'plan9' \\\n    --hash=sha256:0", "ok"),
    ],
)
def test_packages_that_are_not_as_locked_are_named(tmp_path: Path, pin: str, state: str) -> None:
    """Fails if a package that is missing counts as not needed, or one for another system as missing."""
    lock = tmp_path / "common.txt"
    lock.write_text(f"# comment\n{pin}\n")
    found = check.environment(lock)
    assert found.state == state, found
    assert state == "ok" or "run make env" in found.text


def test_a_run_is_seen(tmp_path: Path) -> None:
    """Fails if a run in progress is taken for none."""
    assert check.jobs(tmp_path).state == "ok"
    lock = supervision.take_lock(tmp_path)
    assert str(os.getpid()) in check.jobs(tmp_path).text
    os.close(lock)


def test_damaged_result_is_seen(project: Path) -> None:
    """Fails if results are called sound without being read."""
    assert check.damage(RESULTS).state == "ok"
    (RESULTS / "tables/spherical/errors.parquet").write_bytes(b"")
    found = check.damage(RESULTS)
    assert found.state == "BAD"
    assert "errors.parquet: is not what rule compare_run wrote" in found.text


@pytest.mark.skipif(os.getuid() != 0, reason="/proc binds root too")
def test_results_that_cannot_be_written_are_seen() -> None:
    """Fails if results on a file system that cannot be written are called writable."""
    found = check.disk(Path("/proc/results"), "smoke")
    assert found.state == "BAD"
    assert "make it writable" in found.text


@pytest.mark.parametrize("place", ["results", "logs"])
@pytest.mark.parametrize("what", ["file", "link to nothing"])
def test_what_is_no_folder_where_one_must_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, what: str
) -> None:
    """Fails if a run, `restore` or `check` calls it writable, advises that, or ends in a traceback."""
    monkeypatch.chdir(tmp_path)
    if what == "file":
        Path(place).write_text("x")
    else:
        Path(place).symlink_to("/scratch/that/was/purged")
    told = f"{place}.*; a file or a link to nothing is in its place: remove that"
    if place == "results":
        assert re.search(told, check.disk(Path("results/smoke"), "smoke").text)
        with pytest.raises(supervision.DriverError, match=told):
            restore(tmp_path / "bundle.tar.xz")
    with pytest.raises(supervision.DriverError, match=told):
        supervision.start(tmp_path, ROOT / "src", Path("results/smoke"))


def test_wrong_configuration_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a mistake in config.yaml ends in a traceback, or hides the other answers."""

    def refuse(scale: str) -> None:
        raise ConfigError("config.yaml:1: wrong")

    monkeypatch.setattr(check, "experiment_at", refuse)
    with pytest.raises(SystemExit):
        check.main(argparse.Namespace(scale="smoke"))
    told = capsys.readouterr().out
    assert told.count("config.yaml:1: wrong") == 1
    assert "BAD  configuration: config.yaml:1: wrong" in told and "TeX: " in told
