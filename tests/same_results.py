"""Show that a redesign changes no result: ``python tests/same_results.py BEFORE [AFTER] [--folder FOLDER]``.

Both revisions are cloned, each makes the smoke paper in an environment of its own locks, and every table,
figure, set of weights and generated number is compared byte by byte. Files that measure (times, costs) or
name the commit differ by nature and are listed apart. The exit code is 1 if any other file differs or exists
on one side only.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
MEASURED: Final = (
    "tab_cost",
    "rate.parquet",
    "provenance",
    "paper.pdf",
    "records",
    "benchmarks",
    "paper_build",
    "training_curve",
)
KINDS: Final = {".parquet", ".csv", ".tex", ".pdf", ".png", ".safetensors", ".json"}


def digests(results: Path) -> dict[str, str]:
    """Return the SHA-256 of every result below a folder, by its path in it."""
    return {
        str(path.relative_to(results)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(results.rglob("*"))
        if path.is_file() and path.suffix in KINDS
    }


def smoke_paper(revision: str, folder: Path) -> Path:
    """Clone a revision, make its smoke paper with nothing of the caller's environment, return its results.

    Raises:
        CalledProcessError: there is no such revision, or its paper could not be made.
    """
    if not folder.exists():
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", revision], cwd=folder, check=True)
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    subprocess.run(["make", "smoke"], cwd=folder, env=kept, check=True)
    return folder / "results" / "smoke"


def main() -> int:
    """Compare two revisions; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", help="a revision of this repository")
    parser.add_argument("after", nargs="?", default="HEAD", help="another one (default: HEAD)")
    parser.add_argument("--folder", type=Path, help="keep the clones here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        parent = (arguments.folder or Path(temporary)).resolve()
        commits = [
            subprocess.run(
                ["git", "rev-parse", "--verify", f"{name}^{{commit}}"],
                cwd=ROOT,
                check=True,
                capture_output=True,
                text=True,
            ).stdout.strip()
            for name in (arguments.before, arguments.after)
        ]
        before, after = (digests(smoke_paper(commit, parent / commit[:12])) for commit in commits)
    same = [name for name in before if before[name] == after.get(name)]
    changed = [name for name in before if name in after and before[name] != after[name]]
    measured = [name for name in changed if any(word in name for word in MEASURED)]
    differ = [name for name in changed if name not in measured]
    print(f"{len(same)} files are the same bytes")
    for title, names in (
        ("differ, and hold what was measured or who made it", measured),
        ("differ", differ),
        ("only before", sorted(before.keys() - after.keys())),
        ("only after", sorted(after.keys() - before.keys())),
    ):
        print(f"{len(names)} {title}", *(f"    {name}" for name in names), sep="\n")
    return int(bool(differ or before.keys() ^ after.keys()))


if __name__ == "__main__":
    sys.exit(main())
