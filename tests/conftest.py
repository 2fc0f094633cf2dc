"""Checkouts that tests share: one without results, and one with the smoke paper, made once."""

import time

import pytest
from support import Paper, Project, checkout, make_tiny


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
