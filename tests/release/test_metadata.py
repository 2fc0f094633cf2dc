"""Citation, codemeta, Zenodo, changelog and CI say what pyproject.toml says."""

import json
import re
import tomllib
from importlib.metadata import version as installed
from pathlib import Path

import pytest
import yaml

from ickrr.errors import FileError
from ickrr.release.metadata import metadata_files, version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.mark.parametrize("name", ["CITATION.cff", "codemeta.json", ".zenodo.json"])
def test_files_have_not_drifted(name):
    """Fails if pyproject.toml changed and `make docs` was not called."""
    assert (ROOT / name).read_text() == metadata_files()[name]


def test_all_agree():
    """Fails if a file has another version, licence or author, or lacks what its format demands."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    codemeta, zenodo = (json.loads((ROOT / name).read_text()) for name in ("codemeta.json", ".zenodo.json"))
    author = PROJECT["authors"][0]["name"]
    assert citation["version"] == codemeta["version"] == zenodo["version"] == PROJECT["version"] == version()
    assert citation["license"] == zenodo["license"] == PROJECT["license"]
    assert codemeta["license"] == f"https://spdx.org/licenses/{PROJECT['license']}"
    assert [author] == [one["name"] for one in citation["authors"]]
    assert (
        [author] == [one["name"] for one in codemeta["author"]] == [one["name"] for one in zenodo["creators"]]
    )
    # Required keys: of the Citation File Format 1.2.0 (schema.json), and of Zenodo's deposits.
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert {"title", "description", "creators", "upload_type", "access_right"} <= set(zenodo)
    assert codemeta["softwareRequirements"] == PROJECT["dependencies"]


def test_the_version_stands_in_one_place():
    """Fails if a module or page holds the version a second time, or the changelog is of another."""
    written = re.compile(rf"(?<![\d.]){re.escape(PROJECT['version'])}(?![\d.])")
    made = {"CITATION.cff", "codemeta.json", ".zenodo.json", "CHANGELOG.md", "pyproject.toml"}
    pages = [*ROOT.glob("*.*"), *(ROOT / "src").rglob("*.py"), *(ROOT / "docs").glob("*.md")]
    found = [path.name for path in pages if path.is_file() and written.search(path.read_text())]
    assert set(found) <= made
    latest = re.search(r"^## (\S+),? ", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1].rstrip(",")
    assert latest == PROJECT["version"] == installed("ickrr")


def test_the_revisited_paper_is_the_one_of_the_bibliography(tmp_path):
    """Fails if authors or number are invented, or a missing entry ends in a traceback."""
    reference = yaml.safe_load(metadata_files()["CITATION.cff"])["references"][0]
    entry = (ROOT / "paper/refs.bib").read_text().split("\n\n")[0]
    assert reference["identifiers"][0]["value"] in entry
    for author in reference["authors"]:
        assert f"{author['family-names']}, {author['given-names']}" in entry
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper/refs.bib").write_text("")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    with pytest.raises(FileError, match=r"refs\.bib: has no entry 'yan2026transformers'"):
        metadata_files(tmp_path)


def test_github_runs_what_everybody_runs():
    """Fails if CI on GitHub is another than .ci/run, or on a Python that the project does not support."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    steps = workflow["jobs"]["ci"]["steps"]
    assert steps[-1] == {"run": ".ci/run"}
    assert (ROOT / ".ci/run").stat().st_mode & 0o111
    python = next(step["with"]["python-version"] for step in steps if "with" in step)
    low, high = re.fullmatch(r">=3\.(\d+),<3\.(\d+)", PROJECT["requires-python"]).groups()
    assert int(low) <= int(python.split(".")[1]) < int(high)
