"""The site as `snakemake site` makes it from a finished paper, and what an edit makes again."""

from pathlib import Path

import pandas as pd
import pytest
from support import Paper, Project

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tiny_paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A paper of two figures with its site."""
    project = tiny_paper.copy(tmp_path_factory.mktemp("site") / "project")
    run = project.snakemake("--cores", "2", "--config", "scale=smoke", "--", "site")
    assert run.returncode == 0, run.stdout[-5000:]
    return project


def test_the_pages_are_of_the_results(built: Project) -> None:
    """Fails if a page is missing, or shows other results: a notebook that did not run, another verdict."""
    site = built.results() / "site"
    verdict = pd.read_parquet(built.results() / "tables/claims.parquet")["verdict"].iloc[0]
    results = (site / "index.html").read_text()
    assert f"</span> {verdict}</span>" in results
    assert "In words" in results  # what the executed notebook says
    assert "as the job that drew the figure ran it" in (site / "notebooks/fig1.html").read_text()
    assert (site / "paper.pdf").read_bytes() == (built.results() / "paper.pdf").read_bytes()
    assert {path.stem for path in (site / "explorer").glob("*.js")} >= {"spherical", "noise_low"}
    assert "Catalogue" in (site / "docs/docs/catalogue.html").read_text()


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("src/ickrr/site/explorer_plots.js", "build_explorer"),
        ("src/ickrr/site/results.j2", "build_results"),
        ("docs/science.md", "build_docs"),
    ],
)
def test_an_edit_makes_its_page_again(built: Project, tmp_path: Path, file: str, rule: str) -> None:
    """Fails if an edited script, template or text leaves a stale page, or makes other pages again."""
    project = built.copy(tmp_path / "project")
    project.edit(file)
    planned = project.planned("--config", "scale=smoke", "--", "site")
    assert {name for name in planned if name != "site"} == {rule}
