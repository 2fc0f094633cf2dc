"""Check whether this cluster can run the pipeline: each question is answered by SLURM or by a node.

The questions that cost nothing are also asked before every run. The others submit a job that lasts seconds,
one to the profile's partition and one to a node with a GPU.
"""

import json
import secrets
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from slurm_guard import client
from slurm_guard.errors import ClusterError
from slurm_guard.journal import RECORDS

PROFILE_NAMES = ("profile.yaml", "config.yaml")
PROBE = """
import json, os, shutil, socket, subprocess, sys
found = {"node": socket.gethostname(), "python": sys.version.split()[0]}
found["cuda_visible_devices"] = os.environ.get("CUDA_VISIBLE_DEVICES")
try:
    import snakemake, torch
    found["torch"] = torch.__version__
    found["cuda"] = torch.cuda.is_available()
except ImportError as error:
    found["missing"] = str(error)
if shutil.which("nvidia-smi"):
    query = ["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"]
    found["gpu"] = subprocess.run(query, capture_output=True, text=True).stdout.strip()
temporary = sys.argv[1] + ".tmp"
with open(temporary, "w") as handle:
    json.dump(found, handle)
os.replace(temporary, sys.argv[1])
"""


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Args:
        question: what was asked, in two or three words.
        good: whether the pipeline can run; None if it can, but something is worth knowing.
        text: what was found, and what to do if that is bad.
    """

    question: str
    good: bool | None
    text: str

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "FAIL", None: "note"}[self.good]
        return f"{mark} {self.question}: {self.text}"


@dataclass(frozen=True)
class Request:
    """What a profile asks of SLURM for one kind of job.

    Args:
        where: the key of the profile that asks for it.
        partition: partition, or None for the cluster's default.
        account: account, or None for the user's default.
        gpu: options that ask for a GPU, empty if none is wanted.
    """

    where: str
    partition: str | None
    account: str | None
    gpu: tuple[str, ...] = ()

    def options(self) -> list[str]:
        """Return the options of sbatch that ask for it."""
        chosen = [f"--partition={self.partition}"] if self.partition else []
        chosen += [f"--account={self.account}"] if self.account else []
        return [*chosen, *self.gpu]


def read_profile(folder: Path) -> tuple[Path, dict[str, Any]]:
    """Return the file of a profile and its content.

    Raises:
        ClusterError: there is none, or it is not a YAML mapping.
    """
    for name in PROFILE_NAMES:
        path = folder / name
        if path.exists():
            try:
                values = yaml.safe_load(path.read_bytes())
            except OSError as error:
                raise ClusterError(f"{path}: cannot be read ({error.strerror})") from error
            except yaml.YAMLError as error:
                raise ClusterError(f"{path}: not valid YAML: {error}") from error
            if not isinstance(values, dict):
                raise ClusterError(f"{path}: found {type(values).__name__}, expected keys and values")
            return path, values
    raise ClusterError(f"{folder}: holds no {' or '.join(PROFILE_NAMES)}; copy profiles/slurm and change it")


def requests(profile: dict[str, Any]) -> list[Request]:
    """Return what the profile's jobs ask for: its defaults first, then its rules."""
    default = _resources(profile.get("default-resources"))
    found = [_request("default-resources", default)]
    for rule, resources in (profile.get("set-resources") or {}).items():
        found.append(_request(f"set-resources.{rule}", {**default, **_resources(resources)}))
    return list(dict.fromkeys(found))


def _resources(value: Any) -> dict[str, Any]:
    """Return resources given in either of Snakemake's forms: a mapping or a list of ``name=value``."""
    if isinstance(value, list):
        return dict(str(item).split("=", 1) for item in value)
    return dict(value or {})


def _request(where: str, resources: dict[str, Any]) -> Request:
    gpu: tuple[str, ...] = ()
    if resources.get("gres"):
        gpu = (f"--gres={resources['gres']}",)
    elif resources.get("gpu"):
        gpu = (f"--gpus={resources['gpu']}",)
    partition, account = resources.get("slurm_partition"), resources.get("slurm_account")
    return Request(where, str(partition) if partition else None, str(account) if account else None, gpu)


def check_profile(folder: Path) -> list[Request]:
    """Check that the cluster has what the profile names.

    Returns:
        What the profile asks for.

    Raises:
        ClusterError: the controller does not answer, or refuses a partition, account or GPU.
    """
    path, profile = read_profile(folder)
    wanted = requests(profile)
    known = client.partitions()
    names = [partition.name for partition in known]
    for request in wanted:
        if request.partition and not set(request.partition.split(",")) <= set(names):
            raise ClusterError(
                f"{path}: {request.where}.slurm_partition is '{request.partition}', which this cluster does "
                f"not have; allowed: {', '.join(names)}"
            )
        try:
            client.call("sbatch", "--test-only", "--time=1", *request.options(), "--wrap=true")
        except client.UnansweredError:
            raise
        except ClusterError as error:
            if client.full(str(error)):
                continue  # a full queue says nothing about the profile; the jobs will wait
            raise ClusterError(
                f"{path}: {request.where} asks for {' '.join(request.options()) or 'a job'} and SLURM "
                f"refuses: {error}; correct slurm_partition, slurm_account or gpu there"
            ) from error
    return wanted


def check_cluster(folder: Path, patience: float = 120.0) -> Iterator[Answer]:
    """Yield the answers to all questions as they become known.

    Args:
        folder: the profile.
        patience: seconds that a test job may wait in the queue.
    """
    began = time.monotonic()
    try:
        version = client.call("sinfo", "--version").strip()
        known = client.partitions()
    except ClusterError as error:
        yield Answer("controller", False, str(error))
        return
    yield Answer("controller", True, f"{version}, answers in {(time.monotonic() - began) * 500:.0f} ms")
    limits = [f"{p.name} ({'no limit' if p.minutes is None else f'{p.minutes} min'})" for p in known]
    yield Answer("partitions", True, ", ".join(limits))
    gpus = [p.name for p in known if p.gpus]
    yield Answer("GPU partition", True if gpus else None, ", ".join(gpus) or "none; GPU jobs cannot run")
    try:
        wanted = check_profile(folder)
    except ClusterError as error:
        yield Answer("profile", False, str(error))
        return
    yield Answer("profile", True, f"SLURM accepts what {folder} asks for")
    try:
        client.call("sacct", "--noheader", "--format=JobID", "--allocations", "--starttime=now")
    except ClusterError:
        yield Answer("accounting", None, "none (sacct); not needed, slurm-status-command is squeue")
    else:
        yield Answer("accounting", True, "sacct answers")
    yield from _probe("test job", wanted[0], patience)
    if gpus:
        gpu = next((request for request in wanted if request.gpu), None)
        gpu = gpu or Request(
            "",
            wanted[0].partition if wanted[0].partition in gpus else gpus[0],
            wanted[0].account,
            ("--gpus=1",),
        )
        yield from _probe("GPU job", gpu, patience)


def _probe(question: str, request: Request, patience: float) -> Iterator[Answer]:
    """Submit a job that reports on its node, and yield the answers."""
    folder = Path.cwd() / RECORDS
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / f"check-{secrets.token_hex(4)}.json"
    command = shlex.join([sys.executable, "-c", PROBE, str(report)])
    began = time.monotonic()
    job = client.call(
        "sbatch",
        "--parsable",
        "--job-name=slurm-guard-check",
        "--output=/dev/null",
        "--time=5",
        "--mem=1000",
        *request.options(),
        f"--wrap={command}",
    ).strip()
    finished = None
    while not report.exists() and time.monotonic() - began < patience:
        time.sleep(0.5)
        state = next((found.state for found in client.jobs("--states=all", f"--jobs={job}")), "gone")
        if state in client.FINISHED:
            finished = finished or time.monotonic()
            if time.monotonic() - finished > 10:
                break
    if not report.exists():
        if finished is None:
            client.call("scancel", job)
            yield Answer(
                question, None, f"job {job} did not start within {patience:.0f} s; asked nothing there"
            )
        else:
            yield Answer(
                question,
                False,
                f"job {job} ended and left no file in {folder}: the folder is not shared with the node, or "
                f"{sys.executable} does not exist there",
            )
        return
    found = json.loads(report.read_text(encoding="utf-8"))
    report.unlink()
    yield Answer(
        question, True, f"ran on {found['node']} after {time.monotonic() - began:.1f} s; folder is shared"
    )
    if "missing" in found:
        yield Answer(
            "environment",
            False,
            f"{sys.executable} on {found['node']}: {found['missing']}; run make env there",
        )
        return
    yield Answer("environment", True, f"Python {found['python']}, torch {found['torch']} on {found['node']}")
    if request.gpu:
        device = f"CUDA_VISIBLE_DEVICES={found['cuda_visible_devices']}"
        if found["cuda"]:
            yield Answer("GPU", True, f"{found.get('gpu', 'unknown')}, {device}")
        else:
            yield Answer("GPU", None, f"torch {found['torch']} uses none on {found['node']} ({device})")
