"""The documentation as a part of the site, made by Sphinx from the project's Markdown and its sources.

Sphinx rather than MkDocs: its search works from the file system without a plug-in, and it goes on having
releases (the last one of MkDocs is of 2024, and its theme Material is only kept alive). A page of the
reference is a room of the library, because with a page for each module the build takes three times as long.
"""

import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from ickrr.errors import IckrrError
from ickrr.io.files import files_below
from ickrr.site.layout import render

TUTORIALS: Final = (
    "first_result",
    "one_ablation",
    "own_kernel",
    "own_solver",
    "own_claim",
    "own_model",
    "slurm",
    "one_gpu",
)
SECTIONS: Final = {
    "Tutorials": [f"docs/tutorials/{name}" for name in TUTORIALS],
    "How to": [
        *("docs/extending", "docs/results", "docs/reruns", "docs/cluster", "docs/one_machine"),
        *("docs/faq", "CONTRIBUTING"),
    ],
    "Explanation": [
        *("docs/science", "docs/identification", "docs/mechanism", "docs/construction", "docs/performance"),
        "docs/limits",
    ],
    "Reference": ["docs/configuration", "docs/catalogue", "docs/architecture", "api/index"],
}
"""Pages by the sections of the navigation; pages of ``docs/`` that stand in none are listed last."""
FURTHER: Final = "Further pages"
SERVING: Final = frozenset(
    {"bundles", "catalogue", "config", "driver", "report", "resources", "site", "steps", "tools"}
)
"""Rooms that serve the pipeline, which nobody imports. What a person needs of them has references of its own:
settings, tables and statistics, the help of the commands."""


class DocumentationError(IckrrError):
    """Sphinx could not build the documentation."""


def stage(project: Path, files: Iterable[Path], folder: Path) -> None:
    """Write a folder that Sphinx can build: the files at their places, the README as its first page.

    Args:
        project: root of the project.
        files: what `docs_files.documentation_sources` returns; Python files are read where they are.
        folder: the folder, which exists and is empty.
    """
    for file in files:
        name = file.relative_to(project)
        if name.parts[0] != "src":
            target = folder / ("index.md" if str(name) == "README.md" else name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    rooms = _rooms(project / "src" / "ickrr")
    (folder / "api").mkdir()
    (folder / "api" / "index.rst").write_text(render("docs_api.j2", rooms=sorted(rooms)), encoding="utf-8")
    for room, modules in rooms.items():
        (folder / "api" / f"{room}.rst").write_text(
            render("docs_room.j2", room=room, modules=modules), encoding="utf-8"
        )
    written = sorted(str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.md"))
    with (folder / "index.md").open("a", encoding="utf-8") as index:
        index.write(render("docs_contents.j2", sections=_sections(written)))


def build(staged: Path, target: Path) -> str:
    """Run Sphinx, and return what it said.

    Args:
        staged: what `stage` wrote.
        target: folder to write the pages into.

    Raises:
        DocumentationError: it failed.
    """
    command = [sys.executable, "-I", "-m", "sphinx", "-q", "-c", str(Path(__file__).with_name("sphinx"))]
    done = subprocess.run(
        [*command, "-d", str(staged / ".doctrees"), str(staged), str(target)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DocumentationError(
            f"Sphinx stopped:\n{done.stdout}\ncorrect the page that it names and run snakemake again"
        )
    return done.stdout


def _sections(pages: Sequence[str]) -> dict[str, list[str]]:
    """Return the navigation, with the pages of ``docs/`` that no section names at its end."""
    listed = {page for section in SECTIONS.values() for page in section}
    further = [page for page in pages if page not in listed and page != "index"]
    return {**SECTIONS, FURTHER: further} if further else dict(SECTIONS)


def _rooms(package: Path) -> dict[str, list[str]]:
    """Return the modules of each room of the library; single modules stand in the room ``ickrr``."""
    rooms: dict[str, list[str]] = {}
    for file in files_below(package, {".py"}):
        parts = ("ickrr", *file.relative_to(package).with_suffix("").parts)
        name = parts[:-1] if parts[-1] == "__init__" else parts
        room = name[1] if len(parts) > 2 else "ickrr"
        if room not in SERVING:
            rooms.setdefault(room, []).append(".".join(name))
    return rooms
