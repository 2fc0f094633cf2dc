"""A checkout of the project that tests may run and spoil."""

import hashlib
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml
from dry_runs import dry_run

ROOT = Path(__file__).parents[1]
RULES = {
    name: body
    for path in sorted((ROOT / "workflow" / "rules").glob("*.smk"))
    for name, body in re.findall(r"^rule (\w+):\n((?:    .*\n|\n)+)", path.read_text(), flags=re.MULTILINE)
}
"""The text of every rule, by its name."""
ON_DEMAND = {
    "weigh_families": "tables/spherical/raw_weights.parquet",
    "identify_by_probe": "tables/spherical/probe_additions.parquet",
    "pack_arxiv": "arxiv.tar.gz",
    "build_results": "site/index.html",
    "build_explorer": "site/explorer.html",
    "build_docs": "site/docs/index.html",
    "build_playground": "site/playground.html",
}
"""Rules that the paper itself does not need, and a file that each makes, below the folder of the results."""

READING_TABLES = frozenset(
    {
        *("__init__.py", "entries.py", "errors.py", "row_keys.py"),
        *("io/__init__.py", "io/files.py"),
    }
)
"""Modules outside the report and the configuration that are behind everything that reads tidy tables."""

Mount = Callable[[Path, str], Callable[[], None]]
"""Mount a tmpfs on a folder with some options; what it returns takes it away again."""


@dataclass(frozen=True)
class Project:
    """A checkout of the project in a directory of its own."""

    path: Path

    def snakemake(self, *arguments: str, scale: str = "smoke") -> subprocess.CompletedProcess[str]:
        """Run Snakemake at a scale; standard output and error together in ``stdout``."""
        command = snakemake_command(*arguments, scale=scale)
        if "-n" in arguments:
            return dry_run(self.path, command[3:])
        return subprocess.run(
            command,
            cwd=self.path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def tool(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a tool of this checkout's package."""
        return subprocess.run(
            [sys.executable, "-I", str(self.path / "src"), *arguments],
            cwd=self.path,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    def planned(self, *arguments: str, scale: str = "smoke") -> dict[str, int]:
        """Return how many jobs of each rule a dry run plans, target rules left out."""
        run = self.snakemake("--quiet", "rules", "reason", "-n", *arguments, scale=scale)
        assert run.returncode == 0, run.stdout
        if "Nothing to be done" in run.stdout:
            return {}
        table = run.stdout.split("Job stats:")[1].split("\n\n")[0]
        jobs = dict(re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE))
        targets = {"total", "default", "all", "figures", "tables"}
        return {rule: int(n) for rule, n in jobs.items() if rule not in targets}

    def edit(self, name: str, old: str = "", new: str = "") -> None:
        """Replace text in a file, or append a comment to it."""
        path = self.path / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1) if old else text + "\n# edited by a test\n")

    def results(self, scale: str = "smoke") -> Path:
        """Folder of the results of a scale."""
        return self.path / "results" / scale

    def copy(self, target: Path) -> "Project":
        """Copy everything, results and Snakemake's records included, dates kept."""
        shutil.copytree(self.path, target, symlinks=True)
        return Project(target)


def snakemake_command(*arguments: str, scale: str = "smoke") -> list[str]:
    """Return the command line of Snakemake at a scale, for tests that start it in their own way."""
    command = [sys.executable, "-m", "snakemake", *arguments]
    return command if "--config" in arguments else [*command, "--config", f"scale={scale}"]


def process_of(driver: subprocess.Popen[str], step: str, patience: float = 120.0) -> psutil.Process:
    """Wait for the Python process of a job below a running Snakemake."""
    until = time.monotonic() + patience
    while time.monotonic() < until and driver.poll() is None:
        for child in psutil.Process(driver.pid).children(recursive=True):
            try:
                command = child.cmdline()
            except psutil.NoSuchProcess:
                continue
            if command[1:2] == ["-I"] and command[3:4] == [step]:
                return child
        time.sleep(0.02)
    driver.kill()
    raise AssertionError(f"no {step} started: {driver.communicate()[0]}")


TINY_RUNS = {
    "spherical": {"task": "spherical", "seeds": [0, 1]},
    "noise_low": {"task": "spherical_low_noise"},
}
TINY_TEXT = r"""\documentclass{article}
\usepackage{ickrr}
\usepackage{origins}
\input{latex/provenance}
\input{latex/numbers}
\begin{document}
Run of \RunDate{} at \ScaleName{} scale.

\begin{figure}
\includegraphics[width=\linewidth]{figures/fig1.pdf}
\caption{Errors.}
\end{figure}
\begin{figure}
\includegraphics{figures/fig_training.pdf}
\end{figure}
\input{latex/tab_setup}
\end{document}
"""


def make_tiny(project: Project) -> None:
    """Cut a checkout down to two runs, two figures and a page, so that its smoke paper takes seconds."""
    config: dict[str, Any] = yaml.safe_load((project.path / "config.yaml").read_text())
    config["runs"] = TINY_RUNS
    config["compute"].pop("first_runs", None)
    config["identification"].pop("judged", None)
    config["figures"] = {
        "fig1": {"kind": "error_curves", "runs": ["spherical", "noise_low"]},
        "fig_training": {"kind": "learning_curves", "runs": ["spherical"]},
    }
    config["tables"] = {"tab_setup": {}}
    config["operators"] |= {"runs": [], "anchor": None}
    config["constructions"]["controls"] = {"random": config["constructions"]["controls"]["random"]}
    ridges = config["constructions"]["verification"]["ridges"]
    config["constructions"]["verification"]["ridges"] = {"scaled": ridges["scaled"]}
    (project.path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    scale = project.path / "workflow" / "scales" / "smoke.yaml"
    overlay: dict[str, Any] = yaml.safe_load(scale.read_text())
    overlay.pop("runs")
    overlay["base"]["training"]["steps"] = 30
    overlay["constructions"]["verification"] |= {
        "context_lengths": [6],
        "accuracies": [0.1],
        "bisection_context_length": 0,
    }
    scale.write_text(yaml.safe_dump(overlay, sort_keys=False))
    (project.path / "claims.yaml").write_text(
        "one:\n  source: ours\n  statement: The models learn.\n  evidence: [fig_training]\n"
        "  conditions:\n    - {statistic: excess_share, runs: [spherical], below: 0.5}\n"
    )
    shutil.rmtree(project.path / "paper" / "sections")
    (project.path / "paper" / "main.tex").write_text(TINY_TEXT)
    git(project.path, "commit", "-qam", "tiny")


# Groups for a paper of seconds-long jobs: one place in the queue for each stage of several models.
SMALL_JOBS_TOGETHER = [
    "sample_prompts=sample",
    "solve_prompts=solve",
    "train_model=train",
    "probe_model=probe",
    "compare_run=compare",
    "tabulate_training=tables",
    "sweep_noise=noise",
    "judge_claims=report",
    "draw_figure=report",
    "write_table=report",
    "write_numbers=report",
    "build_paper=report",
    "pack_arxiv=report",
]


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder, with a name and an address set, and return what it printed."""
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, text=True, check=True).stdout


def checkout(target: Path, shipped: bool = False) -> Project:
    """Copy what git tracks, or would track, as a fresh clone has it, into a repository of its own.

    Shipped results are tens of megabytes, and most tests have no use for them: they are left out unless asked
    for.
    """
    listed = git(ROOT, "ls-files", "-co", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists() and (shipped or not name.endswith(".tar.xz")):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    git(target, "init", "-q")
    # What the repository here has already is not written again: a thousand files less in every copy.
    alternates = target / ".git" / "objects" / "info" / "alternates"
    objects = git(ROOT, "rev-parse", "--path-format=absolute", "--git-path", "objects")
    alternates.write_text(objects)
    git(target, "add", "-A")
    git(target, "commit", "-qm", "checkout")
    return Project(target)


@dataclass(frozen=True)
class Paper(Project):
    """A finished paper."""

    log: str
    seconds: float


# Vary between equal runs: times, dates and commits.
VARYING = {"rate.parquet", "numbers.tex", "provenance.tex", "paper.pdf"}


def fingerprints(project: Project, hidden: bool = True) -> dict[str, str]:
    """Return the digest of every result that two equal runs have in common, without half-written files."""
    folders = ("prompts", "trajectories", "trained", "predictions", "tables", "figures")
    return {
        str(path.relative_to(project.results())): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted((project.results() / folder).rglob("*"))
        if path.name not in VARYING and (hidden or not path.name.startswith(".")) and path.is_file()
    }
