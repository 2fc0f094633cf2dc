"""The files that tell others how to cite and to archive the project, all made from pyproject.toml."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

from ickrr.code import ROOT
from ickrr.errors import FileError
from ickrr.io.files import to_json

LICENCES: Final = "https://spdx.org/licenses/"
ARXIV: Final = re.compile(r"arXiv:(\d{4}\.\d{5})")


def metadata_files(root: Path = ROOT) -> dict[str, str]:
    """Return the text of each file, by its name at the root of the project.

    Args:
        root: folder of pyproject.toml and ``paper/refs.bib``.

    Raises:
        FileError: the paper that this one revisits is not in refs.bib.
    """
    told = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    project, ours = told["project"], told["tool"]["ickrr"]
    revisited = _entry(root / "paper/refs.bib", ours["revisits"])
    return {
        "CITATION.cff": _citation(project, ours, revisited),
        "codemeta.json": to_json(_codemeta(project, ours)),
        ".zenodo.json": to_json(_zenodo(project, ours, revisited)),
    }


def version(root: Path = ROOT) -> str:
    """Return the version of the project; it stands in pyproject.toml alone."""
    found: str = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return found


def _citation(project: dict[str, Any], ours: dict[str, Any], revisited: dict[str, str]) -> str:
    """Citation File Format 1.2.0."""
    authors = [name.split(", ") for name in revisited["author"].split(" and ")]
    identifier = {"type": "other", "value": f"arXiv:{_arxiv(revisited)}", "description": "arXiv"}
    reference = {
        "type": "article",
        "title": revisited["title"],
        "authors": [{"family-names": family, "given-names": given} for family, given in authors],
        "year": int(revisited["year"]),
        "identifiers": [identifier],
    }
    content = {
        "cff-version": "1.2.0",
        "message": "If you use this software, please cite it as below.",
        "type": "software",
        "title": ours["title"],
        "abstract": ours["abstract"].strip(),
        "authors": [{"name": author["name"]} for author in project["authors"]],
        "version": project["version"],
        "license": project["license"],
        "keywords": project["keywords"],
        "references": [reference],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)


def _codemeta(project: dict[str, Any], ours: dict[str, Any]) -> dict[str, Any]:
    """CodeMeta 3.0."""
    return {
        "@context": "https://w3id.org/codemeta/3.0",
        "@type": "SoftwareSourceCode",
        "name": project["name"],
        "description": ours["abstract"].strip(),
        "version": project["version"],
        "license": f"{LICENCES}{project['license']}",
        "author": [{"@type": "Organization", "name": author["name"]} for author in project["authors"]],
        "keywords": project["keywords"],
        "programmingLanguage": "Python",
        "runtimePlatform": f"Python {project['requires-python']}",
        "softwareRequirements": project["dependencies"],
        "operatingSystem": "Linux",
        "developmentStatus": "active",
    }


def _zenodo(project: dict[str, Any], ours: dict[str, Any], revisited: dict[str, str]) -> dict[str, Any]:
    """Zenodo's metadata of a deposit, which it takes before CITATION.cff."""
    related = {"identifier": f"arXiv:{_arxiv(revisited)}", "relation": "reviews", "scheme": "arxiv"}
    return {
        "upload_type": "software",
        "title": ours["title"],
        "description": ours["abstract"].strip(),
        "creators": [{"name": author["name"]} for author in project["authors"]],
        "version": project["version"],
        "license": project["license"],
        "access_right": "open",
        "keywords": project["keywords"],
        "related_identifiers": [related],
    }


def _entry(bibliography: Path, key: str) -> dict[str, str]:
    """Return the fields of an entry of a BibTeX file, one a line, without braces."""
    text = bibliography.read_text(encoding="utf-8")
    found = re.search(rf"^@\w+\{{{re.escape(key)},\n(.*?)^\}}", text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise FileError(
            f"{bibliography}: has no entry '{key}', which pyproject.toml names ([tool.ickrr] revisits)"
        )
    fields = re.findall(r"^\s*(\w+) = \{(.*)\},?$", found[1], re.MULTILINE)
    return {name: re.sub("[{}]", "", value) for name, value in fields}


def _arxiv(entry: dict[str, str]) -> str:
    found = ARXIV.search(entry["journal"])
    assert found, "the paper that this one revisits is on arXiv"
    return found[1]
