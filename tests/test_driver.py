"""One driver a folder: a lock that dies with its process, and jobs that outlive theirs."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ickrr import driver

HOLD = """
import sys, time
from pathlib import Path
from ickrr import driver
lock = driver.take_lock(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(100)
"""
# A driver whose job outlives it; the job notes that it was asked to stop.
ABANDON = """
import subprocess, sys, time
from pathlib import Path
from ickrr import driver
driver.mark_jobs(Path(sys.argv[1]))
job = '''
import signal, sys, time
def stop(*_):
    open(sys.argv[1] + "/asked", "w").close()
    {end}
signal.signal(signal.SIGTERM, stop)
print("job", flush=True)
time.sleep(100)
time.sleep(100)
'''
subprocess.Popen([sys.executable, "-c", job, sys.argv[1]], start_new_session=True)
time.sleep(100)
"""


def start(code: str, folder: Path, word: str) -> subprocess.Popen[str]:
    """Start Python code and wait for its first word."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True, env=os.environ
    )
    assert process.stdout is not None
    assert process.stdout.readline().strip() == word
    return process


def test_second_driver_is_refused_in_one_line(tmp_path: Path) -> None:
    """Fails if two processes can have the lock at once, or the message does not say who has it."""
    process = start(HOLD, tmp_path, "locked")
    try:
        with pytest.raises(driver.DriverError) as caught:
            driver.take_lock(tmp_path)
        assert f"process {process.pid} on " in str(caught.value)
        assert "\n" not in str(caught.value)
        assert f"process {process.pid} on " in (driver.holder(tmp_path) or "")
    finally:
        process.kill()
        process.wait()


def test_lock_is_free_after_a_kill(tmp_path: Path) -> None:
    """Fails if a killed driver leaves a lock that somebody has to remove."""
    process = start(HOLD, tmp_path, "locked")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert driver.holder(tmp_path) is None
    os.close(driver.take_lock(tmp_path))


def test_nobody_holds_what_was_never_locked(tmp_path: Path) -> None:
    """Fails if a question about the lock makes one."""
    assert driver.holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["sys.exit(0)", "pass"], ids=["obeys", "ignores"])
def test_jobs_of_a_killed_driver_are_stopped(tmp_path: Path, end: str) -> None:
    """Fails if a job that outlived its driver goes on writing beside the next driver's."""
    process = start(ABANDON.replace("{end}", end), tmp_path, "job")
    assert driver.orphans(tmp_path) == []
    process.kill()
    process.wait()
    (orphan,) = driver.orphans(tmp_path)
    assert driver.orphans(tmp_path / "elsewhere") == []
    began = time.monotonic()
    assert driver.end_orphans(tmp_path, patience=2.0) == 1
    assert time.monotonic() - began < 20
    assert (tmp_path / "asked").exists()
    assert not orphan.is_running() or orphan.status() == "zombie"
    assert driver.orphans(tmp_path) == []


@pytest.mark.parametrize(
    ("mark", "further"),
    [("{gone}@elsewhere:{folder}", {}), ("{gone}@{host}:{folder}", {"SLURM_JOB_ID": "7"}), ("", {})],
    ids=["of another machine", "of a cluster", "of nobody"],
)
def test_other_processes_are_left_alone(tmp_path: Path, mark: str, further: dict[str, str]) -> None:
    """Fails if a job is stopped whose driver may well be alive, or that nobody started from here."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    value = mark.format(gone=gone.pid, host=socket.gethostname(), folder=tmp_path.resolve())
    process = subprocess.Popen(["sleep", "60"], env={**os.environ, driver.MARK: value, **further})
    try:
        assert driver.orphans(tmp_path) == []
    finally:
        process.kill()
        process.wait()


def test_half_written_files_of_the_dead_are_removed(tmp_path: Path) -> None:
    """Fails if temporary files pile up after kills, or one is removed that is being written."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    folder = tmp_path / "results" / "smoke"
    folder.mkdir(parents=True)
    dead, alive = folder / f".a.pdf.{gone.pid}.tmp", folder / f".b.pdf.{os.getpid()}.tmp"
    for path in (dead, alive, folder / ".hidden.tmp", folder / "c.pdf"):
        path.touch()
    assert driver.remove_temporaries(tmp_path) == [dead]
    assert sorted(path.name for path in folder.iterdir()) == sorted([alive.name, ".hidden.tmp", "c.pdf"])
