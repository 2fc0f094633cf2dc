"""Ask SLURM about the job that this process runs in, if it runs in one."""

import os
import re
import resource
import shutil
import socket
import subprocess
from pathlib import Path

TIMEOUT = 30.0  # [s] that a question to SLURM or to the driver may take


def job_id() -> str | None:
    """Return the id of the SLURM job that this process runs in, None outside of one."""
    return os.environ.get("SLURM_JOB_ID") or None


def seconds_left() -> float | None:
    """Return the seconds until SLURM ends this job.

    Returns:
        None outside of a job, without a limit, or if SLURM does not answer. In that case SLURM still sends
        SIGTERM before it kills the job, which training also heeds.
    """
    job = job_id()
    if job is None:
        return None
    answer = _output("squeue", "--noheader", "--format=%L", f"--jobs={job}")
    return parse_duration(answer)


def parse_duration(text: str) -> float | None:
    """Return the seconds of ``[days-][hours:]minutes:seconds``, or None for other texts (``UNLIMITED``)."""
    days, _, clock = text.strip().rpartition("-")
    parts = clock.split(":")
    if len(parts) not in (2, 3) or not all(part.isdigit() for part in (*parts, days or "0")):
        return None
    seconds = 0.0
    for part in parts:
        seconds = 60 * seconds + int(part)
    return seconds + 86400 * int(days or 0)


def where() -> str | None:
    """Return one line on this job (id, node, GPU), or None outside of a job."""
    job = job_id()
    if job is None:
        return None
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    gpu = f", GPU {visible}: {gpu_name(visible)}" if visible else ""
    node = os.environ.get("SLURMD_NODENAME") or socket.gethostname()
    return f"SLURM job {job} on {node}{gpu}"


def gpu_name(visible: str) -> str:
    """Return the name of a GPU as its driver states it, ``unknown`` without a driver."""
    listed = _output("nvidia-smi", f"--id={visible}", "--query-gpu=name", "--format=csv,noheader")
    return ", ".join(listed.split("\n")) or "unknown"


def peak_memory_mb() -> float:
    """Return the largest memory that this process has held so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage starts from the memory of the parent process
        held = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"))
        assert held is not None
        return int(held[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def _output(command: str, *arguments: str) -> str:
    path = shutil.which(command)
    if path is None:
        return ""
    try:
        done = subprocess.run(
            [path, *arguments], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
