"""Keep a folder to one Snakemake (its driver), and stop jobs that are left over from one that was killed.

Two runs in one folder would write the same files at once and end with exit code 0. Snakemake's own lock
survives a kill, and is lost when the first of two runs ends. The lock here is an ``flock``: it ends with the
process that has it, however that process ends, so it is never stale.
"""

import errno
import fcntl
import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import psutil

from ickrr.errors import IckrrError
from ickrr.surroundings import is_job

LOCK: Final = Path(".snakemake/ickrr/driver.lock")
MARK: Final = "ICKRR_RUN"  # <process id>@<host>:<folder> of the driver, in the environment of its jobs
CLUSTER: Final = "SLURM_JOB_ID"  # jobs of a cluster outlive a driver on purpose; slurm_guard finds them
PATIENCE: Final = 30.0  # [s] that a left-over job has to save and stop
LAST_PATIENCE: Final = 5.0  # [s] that a killed process has to end
LOOK: Final = 0.2  # [s] between two looks for jobs that are to stop
UNKNOWN: Final = "nobody can tell whether another run works in this folder"


class DriverError(IckrrError):
    """Another driver works in this folder, or this one cannot."""


class NoLocksError(DriverError):
    """The lock cannot be used here, so nobody can tell whether a driver works in this folder."""


def mark_jobs(folder: Path) -> None:
    """Put this process's name into the environment of everything that it starts."""
    os.environ[MARK] = f"{os.getpid()}@{socket.gethostname()}:{folder.resolve()}"


def take_lock(folder: Path) -> int:
    """Take the folder's lock for as long as this process lives; return its file descriptor.

    If the file system has no locks, a warning says so and the run continues without one.

    Raises:
        DriverError: another process has the lock, or its file cannot be opened.
    """
    path = folder / LOCK
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise DriverError(
            f"{path}: cannot be opened ({error.strerror}); make it writable, or work in another folder"
        ) from error
    until = time.monotonic() + 1.0  # a process that only looks (`holder`) has it for an instant
    try:
        while not _locked(descriptor, path, fcntl.LOCK_EX):
            if time.monotonic() < until:
                time.sleep(0.05)
                continue
            by = _written(descriptor)
            os.close(descriptor)
            raise DriverError(
                f"{folder}: {by} is already running this pipeline here; "
                "wait for it, stop it, or work in another folder"
            )
    except NoLocksError as error:
        print(f"warning: {error}; start one run at a time here", file=sys.stderr)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return descriptor


def holder(folder: Path) -> str | None:
    """Return who else has the folder's lock, or None if nobody has it.

    Raises:
        NoLocksError: there is no way to know.
    """
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NoLocksError(f"{path}: cannot be opened ({error.strerror}), so {UNKNOWN}") from error
    try:
        return None if _locked(descriptor, path, fcntl.LOCK_SH) else _written(descriptor)
    finally:
        os.close(descriptor)


def orphans(folder: Path) -> list[psutil.Process]:
    """List the processes of this folder's jobs on this machine whose driver was here too and has ended."""
    return [process for process, driver in _marked(folder) if not psutil.pid_exists(driver)]


def end_orphans(folder: Path, patience: float = PATIENCE) -> int:
    """Stop the jobs that a killed driver left behind, so that no file gets two writers; return how many.

    They are asked first: training saves its state and resumes from it when it is started again.

    Raises:
        DriverError: one of them cannot be stopped.
    """
    left = orphans(folder)
    if left:
        print(
            f"stopping {len(left)} process(es) that a killed run left in this folder ({_named(left)})",
            file=sys.stderr,
        )
    return _end(lambda: orphans(folder), patience)


def remove_temporaries(folder: Path) -> list[Path]:
    """Remove half-written files (`ickrr.io.files.atomic_path`) of processes that were killed; return them."""
    removed = []
    for path in (folder / "results").rglob(".*.tmp"):
        writer = re.search(r"\.(\d+)\.tmp$", path.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            removed.append(path)
    return removed


def pass_on_termination(source: Path) -> None:
    """Make SIGTERM to this process end its jobs too, so that one signal enforces a limit on time.

    Snakemake by itself starts nothing more and waits for what runs, which may be hours of training. This
    tells the jobs to stop, also those that were just being started: training saves its state and resumes in
    the next run, and all else is made again. Jobs of a cluster, and its commands, are left alone.

    Args:
        source: the folder that jobs run from, which tells them from other descendants of this process.
    """
    before = signal.getsignal(signal.SIGTERM)
    received: SimpleQueue[int] = SimpleQueue()  # safe to fill in a signal handler, whatever it interrupted

    def stop() -> None:
        number = received.get()
        # Not in the signal handler, because this takes a lock that the interrupted thread may hold.
        if callable(before):
            before(number, None)
        with suppress(OSError):  # the reader of stderr (such as `tee`) may have been stopped too
            print(
                "SIGTERM: nothing new is started, and jobs on this machine are told to stop; training saves "
                "its state and resumes from it when the same command is run again",
                file=sys.stderr,
            )
        told: set[psutil.Process] = set()
        while True:
            new = [process for process in _steps(source) if process not in told]
            _signal(new, kill=False)
            told.update(new)
            time.sleep(LOOK)

    threading.Thread(target=stop, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, frame: received.put(number))


def require_writable(folder: Path) -> None:
    """Check that a path is a folder that can be written, before a job finds out.

    Raises:
        DriverError: it is not a folder, or cannot be written.
    """
    trial = folder / f".writable.{os.getpid()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        advice = "make it writable, or work in another folder"
        if error.errno in (errno.EEXIST, errno.ENOTDIR):
            advice = "a file or a link to nothing is in its place: remove that, or make what it links to"
        raise DriverError(f"{folder}: cannot be written ({error.strerror}); {advice}") from error


def start(folder: Path, source: Path, results: Path) -> int:
    """Begin a run: take the lock, and stop and remove what a killed run left; return the lock.

    Args:
        folder: the working directory.
        source: as for `pass_on_termination`.
        results: folder of the results.

    Raises:
        DriverError: another driver works here, what one left cannot be stopped, or results or logs cannot be
            written.
    """
    lock = take_lock(folder)
    for written in (results, Path("logs", results.name)):
        require_writable(written)
    end_orphans(folder)
    remove_temporaries(folder)
    mark_jobs(folder)
    pass_on_termination(source)
    return lock


def clear_away(folder: Path) -> None:
    """Clean up after a local run that failed or was stopped: end its jobs, remove half-written files.

    Raises:
        DriverError: a process cannot be stopped.
    """
    _end(lambda: [process for process, driver in _marked(folder) if driver == os.getpid()], PATIENCE)
    remove_temporaries(folder)


def _locked(descriptor: int, path: Path, kind: int) -> bool:
    """Take a lock if it is free, and return whether it was."""
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise NoLocksError(
            f"{path}: the file system has no locks ({error.strerror}), so {UNKNOWN}"
        ) from error
    return True


def _written(descriptor: int) -> str:
    """Return the name that the lock's holder has written into its file."""
    return os.read(descriptor, 200).decode().strip() or "another process"


def _marked(folder: Path) -> Iterator[tuple[psutil.Process, int]]:
    """Yield the processes that drivers of this folder have started here, each with its driver's id."""
    here, host = str(folder.resolve()), socket.gethostname()
    for process in psutil.process_iter():
        try:
            environment = process.environ()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        driver, _, place = environment.get(MARK, "").partition(":")
        number, _, machine = driver.partition("@")
        if (place, machine) == (here, host) and CLUSTER not in environment:
            yield process, int(number)


def _steps(source: Path) -> list[psutil.Process]:
    """Return the descendants of this process that are jobs.

    A cluster's guards run from the same folder, but for no rule.
    """
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            command = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if str(source) in command[1:3] and is_job(command):
            found.append(process)
    return found


def _end(find: Callable[[], list[psutil.Process]], patience: float) -> int:
    """Ask processes to stop, also those that start meanwhile; kill those that do not; return how many."""
    told: set[psutil.Process] = set()
    until = time.monotonic() + patience
    while left := find():
        late = time.monotonic() - until
        if late > LAST_PATIENCE:
            raise DriverError(f"process(es) {_named(left)} of this folder cannot be stopped; stop them first")
        _signal([process for process in left if late > 0 or process not in told], kill=late > 0)
        told.update(left)
        psutil.wait_procs(left, timeout=LOOK)
    return len(told)


def _named(processes: list[psutil.Process]) -> str:
    return ", ".join(str(process.pid) for process in processes)


def _signal(processes: list[psutil.Process], kill: bool) -> None:
    for process in processes:
        try:
            process.kill() if kill else process.terminate()
        except psutil.NoSuchProcess:
            continue
