"""A folder has one driver: its lock ends with its process, and jobs that outlive a driver are stopped."""

import contextlib
import errno
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ickrr.driver import supervision
from ickrr.tools import check

HOLD = """
import sys, time
from pathlib import Path
from ickrr.driver import supervision
lock = supervision.take_lock(Path(sys.argv[1]))
print("locked", flush=True)
time.sleep(100)
"""
# A driver whose job outlives it; the job notes that it was asked to stop.
ABANDON = """
import subprocess, sys, time
from pathlib import Path
from ickrr.driver import supervision
supervision.mark_jobs(Path(sys.argv[1]))
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


# A driver with jobs below it that note that they were asked to stop, one of which is just starting, and with
# a guard of a cluster. Snakemake's handler of SIGTERM takes a lock, which the interrupted thread has here.
STOPPED = """
import os, signal, subprocess, sys, threading, time
from pathlib import Path
from ickrr.driver import supervision
os.dup2(os.open("/dev/full", os.O_WRONLY), 2)  # nobody reads what it says, and no reason to hang
folder = Path(sys.argv[1])
source = folder / "my source"
source.mkdir()
(source / "__main__.py").write_text('''
import pathlib, signal, sys, time
note = pathlib.Path(sys.argv[0]) / sys.argv[1]
def stop(*_):
    note.with_suffix(".asked").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
note.with_suffix(".runs").touch()
time.sleep(60)
''')
def begin(*arguments, before=""):
    program = f"{sys.executable} -I '{source}' {' '.join(arguments)}"
    shell = ["bash", "-c", f"{before}trap : TERM; {program}"]
    return subprocess.Popen(shell, stdout=subprocess.DEVNULL)
lock = threading.Lock()
def snakemake(*_):
    with lock:
        (folder / "snakemake.asked").touch()
signal.signal(signal.SIGTERM, snakemake)
supervision.pass_on_termination(source)
train = begin("train", "--rule=train_model")
guard = begin("slurm_guard", "squeue", "--name", "run")
while not all((source / f"{name}.runs").exists() for name in ("train", "slurm_guard")):
    time.sleep(0.01)
wait = f"until [[ -e '{source}/train.asked' ]]; do sleep .1; done; sleep 1; "
late = begin("late", "--rule=draw_figure", before=wait)
with lock:
    print("ready", flush=True)
    time.sleep(2)
print(train.wait(), late.wait() in (0, 143), guard.poll(), flush=True)
"""

# A job that is asked to stop while it writes a file and waits for a program, as TeX or a notebook.
WRITING = """
import subprocess, sys
from ickrr import __main__ as entry
from ickrr.code import code_digest
from ickrr.io.files import atomic_path
folder = sys.argv[1]
def write(*_):
    with atomic_path(f"{folder}/a.pdf") as path:
        path.write_text("half")
        subprocess.run(["sh", "-c", "echo writing; exec sleep 60"])
entry._run = write
job = ["--rule=r", "--recorded-in", folder, "--code", code_digest("ickrr.tools.config"), "-"]
sys.exit(entry.main(["config", *job, "--writes", f"{folder}/a.pdf"]))
"""


def start(code: str, folder: Path, word: str) -> subprocess.Popen[str]:
    """Start Python code and wait until it has printed its first line."""
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
        with pytest.raises(supervision.DriverError) as caught:
            supervision.take_lock(tmp_path)
        assert f"process {process.pid} on " in str(caught.value)
        assert "\n" not in str(caught.value)
        assert f"process {process.pid} on " in (supervision.holder(tmp_path) or "")
    finally:
        process.kill()
        process.wait()


def test_lock_is_free_after_a_kill(tmp_path: Path) -> None:
    """Fails if a killed driver leaves a lock that somebody has to remove."""
    process = start(HOLD, tmp_path, "locked")
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert supervision.holder(tmp_path) is None
    os.close(supervision.take_lock(tmp_path))


def test_nobody_holds_what_was_never_locked(tmp_path: Path) -> None:
    """Fails if a question about the lock makes one."""
    assert supervision.holder(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ["sys.exit(0)", "pass"], ids=["obeys", "ignores"])
def test_jobs_of_a_killed_driver_are_stopped(tmp_path: Path, end: str) -> None:
    """Fails if a job that outlived its driver keeps writing beside the next driver's."""
    process = start(ABANDON.replace("{end}", end), tmp_path, "job")
    assert supervision.orphans(tmp_path) == []
    process.kill()
    process.wait()
    (orphan,) = supervision.orphans(tmp_path)
    assert supervision.orphans(tmp_path / "elsewhere") == []
    began = time.monotonic()
    assert supervision.end_orphans(tmp_path, patience=2.0) == 1
    assert time.monotonic() - began < 20
    assert (tmp_path / "asked").exists()
    assert not orphan.is_running() or orphan.status() == "zombie"
    assert supervision.orphans(tmp_path) == []


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
    process = subprocess.Popen(["sleep", "60"], env={**os.environ, supervision.MARK: value, **further})
    try:
        assert supervision.orphans(tmp_path) == []
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
    assert supervision.remove_temporaries(tmp_path) == [dead]
    assert sorted(path.name for path in folder.iterdir()) == sorted([alive.name, ".hidden.tmp", "c.pdf"])


def test_termination_reaches_every_job_and_nothing_else(tmp_path: Path) -> None:
    """Fails if SIGTERM hangs on a lock, misses a job that is just starting, or stops a cluster's guard."""
    process = start(STOPPED, tmp_path, "ready")
    below = psutil.Process(process.pid).children(recursive=True)
    try:
        process.terminate()
        said, _ = process.communicate(timeout=30)
        assert said.split() == ["0", "True", "None"]
        assert (tmp_path / "snakemake.asked").exists()
        assert (tmp_path / "my source" / "train.asked").exists()
        assert not (tmp_path / "my source" / "slurm_guard.asked").exists()
    finally:
        process.kill()
        for one in below:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()


def test_a_job_that_is_asked_to_stop_clears_away(tmp_path: Path) -> None:
    """Fails if it leaves a half-written file, or a program that it waits for."""
    process = start(WRITING, tmp_path, "writing")
    (program,) = psutil.Process(process.pid).children()
    time.sleep(0.5)  # until Python knows that it has started it
    process.terminate()
    try:
        assert process.wait(timeout=20) == 143
        assert not program.is_running()
        assert list(tmp_path.iterdir()) == []
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            program.kill()


def test_what_is_left_of_a_run_that_ends_is_cleared_away(tmp_path: Path) -> None:
    """Fails if a job's process outlives its run, another run's is stopped, or a half-written file stays."""
    mark = f"{{}}@{socket.gethostname()}:{tmp_path.resolve()}"
    sleeper = "trap : TERM; sleep 60; sleep 60"  # a shell that starts something more after it was told
    mine, other = (
        subprocess.Popen(["bash", "-c", sleeper], env={**os.environ, supervision.MARK: mark.format(number)})
        for number in (os.getpid(), os.getppid())
    )
    results = tmp_path / "results"
    results.mkdir()
    (results / f".a.pdf.{mine.pid}.tmp").touch()
    try:
        assert len(supervision.orphans(tmp_path)) == 0
        supervision.clear_away(tmp_path)
        mine.wait(timeout=10)
        assert other.poll() is None
        assert list(results.iterdir()) == []
    finally:
        for one in (mine, other):
            for child in psutil.Process(one.pid).children() if one.poll() is None else []:
                child.kill()
            one.kill()
            one.wait()


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK], ids=errno.errorcode.get)
def test_a_file_system_without_locks_is_no_second_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    """Fails if it ends in a traceback, or a driver that is gone is named as one that runs."""
    (tmp_path / supervision.LOCK).parent.mkdir(parents=True)
    (tmp_path / supervision.LOCK).write_text("process 1 on a machine of last year\n")

    def refuse(descriptor: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(supervision.NoLocksError, match=os.strerror(number)):
        supervision.holder(tmp_path)
    found = check.jobs(tmp_path)
    assert (found.state, "last year" in found.text) == ("note", False)
    assert "nobody can tell whether another run works in this folder" in found.text
    os.close(supervision.take_lock(tmp_path))
    (warning,) = capsys.readouterr().err.splitlines()
    assert str(supervision.LOCK) in warning and os.strerror(number) in warning
    assert f"process {os.getpid()} on" in (tmp_path / supervision.LOCK).read_text()


def test_a_lock_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    """Fails if somebody else's file, or a folder that is none, ends in a traceback."""
    (tmp_path / ".snakemake").write_text("")
    with pytest.raises(supervision.DriverError, match=r"cannot be opened \(Not a directory\)"):
        supervision.take_lock(tmp_path)
    with pytest.raises(supervision.NoLocksError, match=r"cannot be opened \(Not a directory\)"):
        supervision.holder(tmp_path)
