"""`ickrr release` on a small finished paper: what is in the folder, and when it refuses."""

import subprocess
import tarfile

import pandas as pd
import pytest
import yaml
from support import Project, git


@pytest.fixture(scope="module")
def project(tiny_paper: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of a finished small paper, with a site."""
    project = tiny_paper.copy(tmp_path_factory.mktemp("release") / "project")
    (project.results() / "site").mkdir()
    (project.results() / "site/index.html").write_text("<!doctype html><title>A site</title>")
    return project


@pytest.fixture(scope="module")
def folder(project: Project):
    """The release."""
    run = project.tool("release", "--scale", "smoke", "--folder", "out")
    assert run.returncode == 0, run.stdout
    return project.path / "out"


def test_everything_is_in_one_folder(project: Project, folder) -> None:
    """Fails if an artefact is left out, or is another than the result."""
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *("ickrr-0.1.0-paper-smoke.pdf", "ickrr-0.1.0.tar.gz", "ickrr-0.1.0-site-smoke.zip"),
        *("ickrr-0.1.0-figures-smoke.zip", "smoke-tables.tar.xz", "smoke-weights.tar.xz"),
        *("CHANGELOG.md", "LICENSE", "CITATION.cff", "codemeta.json", ".zenodo.json", "MODEL_CARD.md"),
        "SHA256SUMS",
    }
    assert (folder / "ickrr-0.1.0-paper-smoke.pdf").read_bytes() == (
        project.results() / "paper.pdf"
    ).read_bytes()
    with tarfile.open(folder / "ickrr-0.1.0.tar.gz") as archive:
        held = set(archive.getnames())
    assert {"ickrr-0.1.0/Snakefile", "ickrr-0.1.0/src/ickrr/__init__.py"} <= held
    assert not any("/results/smoke" in name for name in held)


def test_checksums_hold(folder) -> None:
    """Fails if coreutils find another digest, or a file has none."""
    checked = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=folder, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout.count(": OK") == len(list(folder.iterdir())) - 1


def test_the_card_says_what_the_tables_say(project: Project, folder) -> None:
    """Fails if a run is missing, its risk is not that of its learning curve, or the head is no YAML."""
    _, front, body = (folder / "MODEL_CARD.md").read_text().split("---\n", 2)
    assert yaml.safe_load(front)["license"] == "mit"
    for run in ("spherical", "noise_low"):
        curve = pd.read_parquet(project.results() / f"tables/{run}/learning_curve.parquet")
        last = curve[curve["step"] == curve["step"].max()]
        (row,) = [line for line in body.splitlines() if line.startswith(f"| `{run}` |")]
        assert f"| {last['excess_risk'].mean():.3g} | {last['bayes_risk'].mean():.3g} |" in row
    assert "3 transformers, trained from 2 settings" in body


def test_what_is_not_finished_is_refused(project: Project, folder, tmp_path) -> None:
    """Fails if sources that differ from the commit, an altered paper or old files end in a release."""
    again = project.tool("release", "--scale", "smoke", "--folder", "out")
    assert (again.returncode, again.stdout.strip()) == (
        1,
        "error: out: is not empty; remove it, or name another folder",
    )
    copy = project.copy(tmp_path / "copy")
    copy.edit("src/ickrr/errors.py")
    assert "-dirty, so that the archive" in copy.tool("release", "--scale", "smoke", "--folder", "new").stdout
    copy.edit("pyproject.toml", 'version = "0.1.0"', 'version = "0.2.0"')
    git(copy.path, "commit", "-qam", "edited")
    said = copy.tool("release", "--scale", "smoke", "--folder", "new").stdout
    assert "CITATION.cff: does not say what pyproject.toml says; run make docs" in said
    (copy.results() / "paper.pdf").write_bytes(b"another")
    said = copy.tool("release", "--scale", "smoke", "--folder", "new").stdout
    assert "paper.pdf: is not what rule build_paper wrote" in said
    assert not (copy.path / "new").exists()
