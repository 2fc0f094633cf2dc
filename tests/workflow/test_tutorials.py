"""docs/tutorials and docs/faq.md: each page is done from its first line to its last, as a reader would."""

from pathlib import Path

import pytest
from pages import follow
from support import ROOT, Paper, Project, checkout

TUTORIALS = ROOT / "docs" / "tutorials"
SHIPPED = ("first_result", "own_claim")
"""Tutorials on the shipped tables; they would train for hours without them."""
ELSEWHERE = ("slurm", "one_gpu")
"""On a cluster (tests/cluster); on a GPU, which no test has."""
OWN = ("own_model", "one_ablation", "own_kernel", "own_solver")
"""On one's own model, ablation, kernel or solver, in a fresh clone."""


def page(name: str) -> str:
    return (TUTORIALS / f"{name}.md").read_text(encoding="utf-8")


def test_every_tutorial_is_tried_or_says_that_it_is_not() -> None:
    """Fails if a page is added that nobody runs."""
    tried = {*SHIPPED, *ELSEWHERE, *OWN}
    assert {path.stem for path in TUTORIALS.glob("*.md")} == tried
    assert "No test runs this page" in page("one_gpu")


@pytest.mark.slow
@pytest.mark.parametrize("name", OWN)
def test_a_page(fresh_project: Project, tmp_path: Path, name: str) -> None:
    """Fails if a command fails, prints something else than the page shows, or a block does not fit."""
    project = fresh_project.copy(tmp_path / "project")
    assert follow(project, page(name), tmp_path / "bin") >= 2


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_a_page_on_the_shipped_tables(tmp_path: Path, name: str) -> None:
    """Fails as above; at once if the shipped tables are of other code, as test_shipped.py does."""
    project = checkout(tmp_path / "project", shipped=True)
    assert project.tool("restore", "--shipped", "laptop").returncode == 0
    assert "train_model" not in project.planned(scale="laptop")
    assert follow(project, page(name), tmp_path / "bin") >= 3


@pytest.mark.slow
def test_the_messages_of_the_faq(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if a mistake is met with other words than the page shows."""
    project = tiny_paper.copy(tmp_path / "project")
    text = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
    assert follow(project, text, tmp_path / "bin") >= 12
