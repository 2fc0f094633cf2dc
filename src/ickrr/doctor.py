"""Is everything here that the pipeline needs, and is nothing left over from a run that was killed?"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ickrr import driver
from ickrr.bundles.shipped import shipped_bundle
from ickrr.bundles.unpack import read_manifest
from ickrr.config.load import load_experiment
from ickrr.errors import IckrrError
from ickrr.records import Records

SMALLEST_DISK: Final = 2e9  # [bytes] a laptop paper with its intermediates
TEX: Final = ("latexmk", "pdflatex", "bibtex")


@dataclass(frozen=True)
class Finding:
    """The answer to one question: what was found, and what to do if it is not right."""

    state: Literal["ok", "note", "BAD"]
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.state:<4} {self.what}: {self.text}"


def examine(folder: Path, scale: str, overlay: str | None = None) -> Iterator[Finding]:
    """Answer all questions, one after the other.

    Args:
        folder: the project.
        scale: scale that is asked about.
        overlay: a further file of configuration.
    """
    results = folder / "results" / scale
    questions: dict[str, Callable[[], Finding]] = {
        "environment": lambda: environment(folder),
        "TeX": tex,
        "disk": lambda: disk(folder),
        "results": lambda: writable(results),
        "lock": lambda: lock(folder),
        "stale locks": lambda: stale_locks(folder),
        "left-over jobs": lambda: leftovers(folder),
        "GPU": gpu,
        "config": lambda: config(folder, scale, overlay),
        "bundle": lambda: bundle(folder, scale),
        "records": lambda: records(results),
    }
    for what, question in questions.items():
        try:
            yield question()
        except IckrrError as error:
            yield Finding("BAD", what, str(error))
        except OSError as error:
            yield Finding("BAD", what, f"{error.filename}: {error.strerror}; see docs/reruns.md")


def environment(folder: Path) -> Finding:
    """Compare the installed packages with the lock."""
    pins: dict[str, str] = {}
    for path in [folder / "envs" / "common.txt"]:
        pins |= dict(re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\;]+)", path.read_text(encoding="utf-8"), re.M))
    wrong = []
    for name, wanted in pins.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # a pin for another system or another version of Python
        if found != wanted:
            wrong.append(f"{name} {found} instead of {wanted}")
    version = ".".join(map(str, sys.version_info[:3]))
    if wrong:
        return Finding("BAD", "environment", f"Python {version}, {', '.join(wrong[:3])}; run make env")
    return Finding("ok", "environment", f"Python {version}, {len(pins)} packages as locked")


def tex() -> Finding:
    """Look for the programs that typeset the paper."""
    absent = [program for program in TEX if shutil.which(program) is None]
    if absent:
        return Finding("BAD", "TeX", f"{', '.join(absent)} not found; run make system")
    return Finding("ok", "TeX", f"{', '.join(TEX)} found")


def disk(folder: Path) -> Finding:
    """Look at the space left."""
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:.1f} GB free"
    return (
        Finding("ok", "disk", text)
        if free > SMALLEST_DISK
        else Finding("BAD", "disk", f"{text}; free some space")
    )


def writable(results: Path) -> Finding:
    """Write a file where results go, and remove it."""
    place = next(path for path in (results, *results.parents) if path.exists())
    trial = place / ".doctor"
    try:
        trial.write_text("x")
        trial.unlink()
    except OSError as error:
        return Finding("BAD", "results", f"{place}: cannot be written ({error.strerror}); make it writable")
    return Finding("ok", "results", f"{place} can be written")


def lock(folder: Path) -> Finding:
    """Say whether a driver is at work."""
    holder = driver.holder(folder)
    return (
        Finding("note", "lock", f"{holder} is running the pipeline here")
        if holder
        else Finding("ok", "lock", "no run in this folder")
    )


def stale_locks(folder: Path) -> Finding:
    """Look for Snakemake's own locks, which survive a kill; ours goes with its process."""
    found = list((folder / ".snakemake" / "locks").glob("*"))
    if not found or driver.holder(folder):
        return Finding("ok", "stale locks", "none")
    return Finding("BAD", "stale locks", f"{len(found)} of a run that was killed; run snakemake --unlock")


def leftovers(folder: Path) -> Finding:
    """Look for jobs whose driver is gone."""
    found = driver.orphans(folder)
    if not found:
        return Finding("ok", "left-over jobs", "none")
    ids = " ".join(str(process.pid) for process in found)
    return Finding(
        "BAD",
        "left-over jobs",
        f"{len(found)} of a killed run; the next snakemake stops them, or: kill {ids}",
    )


def gpu() -> Finding:
    """Ask torch for a GPU, in a process of its own: importing torch takes seconds."""
    code = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("BAD", "GPU", f"torch cannot be imported ({last}); run make env")
    return Finding("ok", "GPU", done.stdout.strip() or "none; everything runs on the CPU")


def config(folder: Path, scale: str, overlay: str | None) -> Finding:
    """Resolve the configuration."""
    experiment = load_experiment(folder / "config.yaml", scale, overlay)
    models = sum(len(experiment.seeds(run)) for run in experiment.runs)
    return Finding("ok", "config", f"scale {scale}: {len(experiment.runs)} runs, {models} models")


def bundle(folder: Path, scale: str) -> Finding:
    """Look at the bundle that comes with the project."""
    path = folder / shipped_bundle(scale)
    if not path.exists():
        return Finding("note", "bundle", f"none of scale {scale} comes with the project")
    manifest = read_manifest(path)
    return Finding("ok", "bundle", f"{path.name}: {len(manifest.files)} results of a {manifest.origin()}")


def records(results: Path) -> Finding:
    """Compare every result with its record."""
    known = Records(results)
    files = [path for path in known.recorded() if path.exists()]
    damaged = []
    for path in files:
        try:
            known.check([path])
        except IckrrError as error:
            damaged.append(str(error))
    if damaged:
        return Finding("BAD", "records", "\n     ".join(damaged))
    return Finding("ok", "records", f"{len(files)} results are what their rules wrote")
