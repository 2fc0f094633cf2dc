"""One driver a folder: no second Snakemake in it, and no jobs left over from one that was killed.

Two runs in one folder write the same files at once and end with exit code 0; Snakemake's own lock survives a
kill and is lost when the first of two runs ends. This one is an ``flock``: it goes with the process that has
it, however that ends, so it is never stale.
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Final

import psutil

from ickrr.errors import IckrrError

LOCK: Final = Path(".snakemake/ickrr/driver.lock")
MARK: Final = "ICKRR_RUN"  # <process id>@<host>:<folder> of the driver, in the environment of its jobs
CLUSTER: Final = "SLURM_JOB_ID"  # jobs of a cluster outlive a driver on purpose; slurm_guard finds them
PATIENCE: Final = 30.0  # [s] that a left-over job gets to save and stop


class DriverError(IckrrError):
    """Another driver works in this folder."""


def mark_jobs(folder: Path) -> None:
    """Name this process in the environment of all that it starts."""
    os.environ[MARK] = f"{os.getpid()}@{socket.gethostname()}:{folder.resolve()}"


def take_lock(folder: Path) -> int:
    """Take the folder's lock for as long as this process lives; return its file descriptor.

    Raises:
        DriverError: another process has it.
    """
    path = folder / LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    until = time.monotonic() + 1.0  # somebody who only looks (`holder`) has it for an instant
    while not _locked(descriptor):
        if time.monotonic() < until:
            time.sleep(0.05)
            continue
        by = os.read(descriptor, 200).decode().strip() or "another process"
        os.close(descriptor)
        raise DriverError(
            f"{folder}: {by} is already running this pipeline here; "
            "wait for it, stop it, or work in another folder"
        )
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
    return descriptor


def holder(folder: Path) -> str | None:
    """Say who else has the folder's lock, None if nobody has."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return os.read(descriptor, 200).decode().strip() or "another process"
    else:
        return None
    finally:
        os.close(descriptor)


def orphans(folder: Path) -> list[psutil.Process]:
    """List jobs of this folder on this machine whose driver, on this machine too, is gone."""
    here, host = str(folder.resolve()), socket.gethostname()
    found = []
    for process in psutil.process_iter():
        try:
            environment = process.environ()
            driver, _, place = environment.get(MARK, "").partition(":")
            number, _, machine = driver.partition("@")
            if (place, machine) != (here, host) or CLUSTER in environment:
                continue
            if not psutil.pid_exists(int(number)):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def end_orphans(folder: Path, patience: float = PATIENCE) -> int:
    """Stop the jobs that a killed driver left behind, so that no file gets two writers; return how many.

    They are asked first: training saves its state and goes on from it when it is started again.
    """
    left = orphans(folder)
    if not left:
        return 0
    names = ", ".join(str(process.pid) for process in left)
    print(
        f"stopping {len(left)} process(es) that a killed run left in this folder ({names})", file=sys.stderr
    )
    _signal(left, kill=False)
    until = time.monotonic() + patience
    alive = psutil.wait_procs(left, timeout=patience)[1]
    _signal(alive, kill=True)
    psutil.wait_procs(alive, timeout=max(5.0, until - time.monotonic()))
    return len(left)


def remove_temporaries(folder: Path) -> list[Path]:
    """Remove half-written files (`ickrr.files.atomic_path`) of processes that were killed; return them."""
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
    """Let SIGTERM to this process alone end its jobs too, so that a time budget is one signal.

    Snakemake by itself starts nothing more and waits for what runs, which may be hours of training. Jobs are
    told here to stop: training saves its state first and goes on in the next run, all else is made again.

    Args:
        source: the folder that jobs run from, by which they are known among all descendants.
    """
    before = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        jobs = []
        for process in psutil.Process().children(recursive=True):
            try:
                if str(source) in process.cmdline()[1:3]:
                    jobs.append(process)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        print(
            f"SIGTERM: {len(jobs)} job(s) are told to stop; training saves its state and goes on from it "
            "when the same command is run again",
            file=sys.stderr,
        )
        _signal(jobs, kill=False)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGTERM, stop)


def require_writable(results: Path) -> None:
    """Make sure that results can be written, before a job finds out.

    Raises:
        DriverError: they cannot.
    """
    trial = results / f".writable.{os.getpid()}.tmp"
    try:
        results.mkdir(parents=True, exist_ok=True)
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise DriverError(
            f"{results}: cannot be written ({error.strerror}); make it writable, or work in another folder"
        ) from error


def start(folder: Path, source: Path, results: Path) -> int:
    """Begin a run: take the lock, stop and clear away what a killed run left; return the lock.

    Args:
        folder: the working directory.
        source: as for `pass_on_termination`.
        results: where results go.

    Raises:
        DriverError: another driver works here, or results cannot be written.
    """
    lock = take_lock(folder)
    require_writable(results)
    end_orphans(folder)
    remove_temporaries(folder)
    mark_jobs(folder)
    pass_on_termination(source)
    return lock


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signal(processes: list[psutil.Process], kill: bool) -> None:
    for process in processes:
        try:
            process.kill() if kill else process.terminate()
        except psutil.NoSuchProcess:
            continue
