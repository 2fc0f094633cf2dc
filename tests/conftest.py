"""Checkouts that tests share: without results, and with papers that are made once for all workers."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from support import Mount, Paper, Project, checkout, make_tiny

Folder = Callable[[str], tuple[Path, FileLock]]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount small file systems that are removed afterwards; skip the test if that is not allowed."""
    mounted: list[Path] = []

    def do(place: Path, options: str) -> Callable[[], None]:
        folder = place.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
        )
        if done.returncode != 0:
            pytest.skip(f"mount is not allowed here: {done.stderr.decode().strip()}")
        mounted.append(folder)

        def undo() -> None:
            subprocess.run(["umount", str(folder)], check=True)
            mounted.remove(folder)

        return undo

    yield do
    for folder in reversed(mounted):
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Folder:
    """Return a folder, by name, that all workers of a session share, and a lock for filling it."""
    base = tmp_path_factory.getbasetemp()
    root = base if worker_id == "master" else base.parent

    def named(name: str) -> tuple[Path, FileLock]:
        return root / name, FileLock(root / f"{name}.lock")

    return named


def paper_of(project: Project, marker: Path) -> Paper:
    """Make the smoke paper in a project, or repeat the error of the worker that tried."""
    if not marker.exists():
        began = time.monotonic()
        run = project.snakemake("--cores", "2")
        assert run.returncode == 0, run.stdout[-5000:]
        marker.write_text(json.dumps([run.stdout, time.monotonic() - began]))
    log, seconds = json.loads(marker.read_text())
    return Paper(project.path, log, seconds)


@pytest.fixture(scope="session")
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh checkout without results; tests must not change it."""
    return checkout(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="session")
def smoke_paper(shared: Folder) -> Paper:
    """The smoke paper, made once from a fresh checkout; tests must work on copies of it."""
    folder, lock = shared("smoke")
    with lock:
        project = Project(folder / "checkout") if folder.exists() else checkout(folder / "checkout")
        return paper_of(project, folder / "made.json")


@pytest.fixture(scope="session")
def tiny_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh checkout with two runs and two figures, without results; tests must work on copies of it."""
    project = checkout(tmp_path_factory.mktemp("tiny"))
    make_tiny(project)
    return project


@pytest.fixture(scope="session")
def tiny_paper(tiny_project: Project, shared: Folder) -> Paper:
    """The paper of `tiny_project` at smoke scale, made once; tests must work on copies of it."""
    folder, lock = shared("tiny_paper")
    with lock:
        project = Project(folder / "paper") if folder.exists() else tiny_project.copy(folder / "paper")
        return paper_of(project, folder / "made.json")


@pytest.fixture(scope="session")
def bundle(tiny_paper: Paper, shared: Folder) -> Path:
    """The bundle of the tables of `tiny_paper`, made once; tests must not change it."""
    folder, lock = shared("bundle")
    path = folder / "smoke-tables.tar.xz"
    with lock:
        if not path.exists():
            folder.mkdir(exist_ok=True)
            said = tiny_paper.tool("bundle", "--scale", "smoke", "--output", str(path))
            assert said.returncode == 0, said.stdout
    return path
