"""Checkouts that tests share: one without results, and one with the smoke paper, made once."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import Mount, Paper, Project, checkout, make_tiny


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mounts of small file systems that are taken away afterwards; skips where they are not allowed."""
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
def fresh_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh checkout without results; tests must not change it."""
    return checkout(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="session")
def smoke_paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The smoke paper, made once from a fresh checkout; tests must work on copies of it."""
    project = checkout(tmp_path_factory.mktemp("smoke"))
    began = time.monotonic()
    run = project.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout[-5000:]
    return Paper(project.path, run.stdout, time.monotonic() - began)


@pytest.fixture(scope="session")
def tiny_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A fresh checkout with two runs and two figures, without results; tests must work on copies of it."""
    project = checkout(tmp_path_factory.mktemp("tiny"))
    make_tiny(project)
    return project


@pytest.fixture(scope="session")
def tiny_paper(tiny_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Paper:
    """The paper of `tiny_project` at smoke scale, made once; tests must work on copies of it."""
    project = tiny_project.copy(tmp_path_factory.mktemp("tiny") / "paper")
    began = time.monotonic()
    run = project.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout[-5000:]
    return Paper(project.path, run.stdout, time.monotonic() - began)


@pytest.fixture(scope="session")
def bundle(tiny_paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of the tables of `tiny_paper`, made once; tests must not change it."""
    path = tmp_path_factory.mktemp("bundle") / "smoke-tables.tar.xz"
    said = tiny_paper.verb("bundle", "--scale", "smoke", "--output", str(path))
    assert said.returncode == 0, said.stdout
    return path
