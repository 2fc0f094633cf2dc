"""Check that everything that a run needs is here, and every result is what its job wrote."""

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Literal

from ickrr.code import ROOT
from ickrr.config.command_line import add_results_option
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.driver import needs, supervision
from ickrr.driver.plan import bytes_of, jobs_of_paper
from ickrr.errors import ConfigError, FileError, IckrrError
from ickrr.provenance import Records
from ickrr.report.latex import PROGRAMS
from ickrr.resources.disk import FILES

PAPER: Final = ROOT / "paper"
ENVS: Final = ROOT / "envs"


@dataclass(frozen=True)
class Finding:
    """The answer to one question: what was found, and what to do if something is wrong."""

    state: Literal["ok", "note", "BAD"]
    what: str
    text: str

    def __str__(self) -> str:
        return f"{self.state:<4} {self.what}: {self.text}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_results_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Answer all questions, with one line for each.

    Raises:
        SystemExit: 1, if something is wrong.
    """
    results = Path("results") / arguments.scale
    questions: dict[str, Callable[[], Finding]] = {
        "environment": lambda: environment(*locks()),
        "configuration": lambda: configuration(arguments.scale),
        "TeX": tex,
        "notebooks": notebooks,
        "torch.compile": lambda: compiler(arguments.scale),
        "disk": lambda: disk(results, arguments.scale),
        "jobs": lambda: jobs(Path()),
        "GPU": gpu,
        "results": lambda: damage(results),
    }
    bad = 0
    for what, question in questions.items():
        try:
            finding = question()
        except IckrrError as error:
            if isinstance(error, ConfigError) and what != "configuration":
                continue  # the answer on the configuration says it
            finding = Finding("BAD", what, str(error))
        except OSError as error:
            finding = Finding("BAD", what, f"{error.filename}: {error.strerror}")
        print(finding, flush=True)
        bad += finding.state == "BAD"
    if bad:
        raise SystemExit(1)


def locks() -> list[Path]:
    """Return the locks that this environment was made from.

    The version of torch tells which build of it is installed.
    """
    try:
        build = "cpu" if importlib.metadata.version("torch").endswith("+cpu") else "default"
    except importlib.metadata.PackageNotFoundError:
        build = "default"
    return [ENVS / "common.txt", ENVS / f"torch-{build}.txt"]


def environment(*locks: Path) -> Finding:
    """Compare the installed packages, as the pipeline's jobs see them, with locks."""
    command = [sys.executable, "-I", str(ENVS / "verify.py"), *map(str, locks)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    text = f"Python {platform.python_version()}, {done.stdout.strip() or done.stderr.strip()}"
    if done.returncode != 0:
        return Finding("BAD", "environment", f"{text}; run make env")
    return Finding("ok", "environment", text)


@cache
def experiment_at(scale: str) -> Experiment:
    """Return the experiment at a scale; reading it also looks for the code behind what it names."""
    return load_experiment(ROOT / "config.yaml", scale)


def configuration(scale: str) -> Finding:
    """Check the configuration, and that it makes all that the paper's text names."""
    experiment = experiment_at(scale)
    made = f"{len(experiment.runs)} runs, {len(experiment.figures)} figures, {len(experiment.tables)} tables"
    claims = load_ledger(ROOT / "claims.yaml", experiment).claims
    faults = (*needs.unmade(PAPER, experiment), *needs.unmade_numbers(PAPER, experiment, claims))
    return finding("configuration", faults, f"{made}, all with code and in the text")


def tex() -> Finding:
    """Check that everything that typesets the paper is here."""
    found = f"{', '.join(PROGRAMS)} and {len(needs.latex_files(PAPER))} LaTeX files found"
    return finding("TeX", needs.tex(PAPER), found)


def notebooks() -> Finding:
    """Check that everything that runs the figures' notebooks is here."""
    return finding("notebooks", needs.kernel(), "can be run")


def compiler(scale: str) -> Finding:
    """Check that a compiler is here, if a run asks for one."""
    experiment = experiment_at(scale)
    if not any(experiment.run(name).training.compile for name in experiment.runs):
        return Finding("ok", "torch.compile", "no run asks for it")
    return finding("torch.compile", needs.compiler(), "a C++ compiler was found")


def disk(results: Path, scale: str) -> Finding:
    """Check that results can be written, and that the disk has room for them."""
    place = next(path for path in (results, *results.absolute().parents) if os.path.lexists(path))
    try:
        supervision.require_writable(place)
    except supervision.DriverError as error:
        return Finding("BAD", "disk", str(error))
    paper = jobs_of_paper(experiment_at(scale))
    size = bytes_of(experiment_at(scale), paper)
    enough = f"{place} can be written, with room for all results (up to {size / 1e9:.1f} GB)"
    return finding("disk", needs.space(results, size, FILES * len(paper)), enough)


def finding(what: str, faults: Iterable[str], otherwise: str) -> Finding:
    """Return a finding that lists the faults, or says `otherwise` if there are none."""
    told = list(faults)
    return Finding("BAD", what, "\n     ".join(told)) if told else Finding("ok", what, otherwise)


def jobs(folder: Path) -> Finding:
    """Check whether Snakemake is at work here, or has left jobs behind."""
    left = supervision.orphans(folder)
    if left:
        ids = " ".join(str(process.pid) for process in left)
        text = f"{len(left)} of a killed run; the next snakemake stops them, or: kill {ids}"
        return Finding("BAD", "jobs", text)
    try:
        holder = supervision.holder(folder)
    except supervision.NoLocksError as error:
        return Finding("note", "jobs", str(error))
    if holder:
        return Finding("note", "jobs", f"{holder} is running the pipeline here")
    return Finding("ok", "jobs", "no run in this folder, none left over")


def gpu() -> Finding:
    """Ask torch for a GPU, in a process of its own, because importing torch takes seconds."""
    code = "import torch; print(torch.cuda.get_device_name() if torch.cuda.is_available() else '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("BAD", "GPU", f"torch cannot be imported ({last}); run make env")
    return Finding("ok", "GPU", done.stdout.strip() or "none; everything runs on the CPU")


def damage(results: Path) -> Finding:
    """Compare every result with its record."""
    records = Records(results)
    files = [path for path in records.recorded() if path.exists()]
    damaged = []
    for path in files:
        try:
            records.check([path])
        except FileError as error:
            damaged.append(str(error))
    if damaged:
        return Finding("BAD", "results", "\n     ".join(damaged))
    return Finding("ok", "results", f"{len(files)} files are what their jobs wrote")
