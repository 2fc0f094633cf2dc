"""A checkout of the project that tests may run and spoil."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Project:
    """A checkout of the project in a directory of its own."""

    path: Path

    def snakemake(self, *arguments: str, scale: str = "smoke") -> subprocess.CompletedProcess[str]:
        """Run Snakemake at a scale; standard output and error together in ``stdout``."""
        command = [sys.executable, "-m", "snakemake", *arguments]
        if "--config" not in arguments:
            command += ["--config", f"scale={scale}"]
        return subprocess.run(
            command, cwd=self.path, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )

    def planned(self, *arguments: str, scale: str = "smoke") -> dict[str, int]:
        """Return how many jobs of each rule a dry run plans, target rules left out."""
        run = self.snakemake("-n", *arguments, scale=scale)
        assert run.returncode == 0, run.stdout
        if "Nothing to be done" in run.stdout:
            return {}
        table = run.stdout.split("Job stats:")[1].split("\n\n")[0]
        jobs = dict(re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE))
        targets = {"total", "all", "figures", "tables"}
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


def checkout(target: Path) -> Project:
    """Copy what git tracks, or would track, as a fresh clone has it, into a repository of its own."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "checkout"]):
        subprocess.run(["git", *command], cwd=target, check=True)
    return Project(target)


@dataclass(frozen=True)
class Paper(Project):
    """A finished paper."""

    log: str
    seconds: float
