"""Which files the documentation is made of; its rule asks for these."""

import re
from pathlib import Path
from typing import Final

from ickrr.io.files import files_below

LINK: Final = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def documentation_sources(project: Path) -> list[Path]:
    """Return the files that the documentation is made of: Markdown, what it links to, and the library.

    Args:
        project: root of the project.
    """
    pages = {project / "README.md", project / "CONTRIBUTING.md", *files_below(project / "docs", {".md"})}
    linked = _linked(pages)
    linked |= _linked({path for path in linked if path.suffix == ".md"})
    package = project / "src" / "ickrr"
    look = files_below(package / "site" / "sphinx", {".html", ".css", ".js"})
    return sorted({*pages, *linked, *look, *files_below(package, {".py"})})


def _linked(pages: set[Path]) -> set[Path]:
    """Return the files that Markdown pages link to."""
    found = (
        (page.parent / link).resolve() for page in pages for link in LINK.findall(page.read_text("utf-8"))
    )
    return {path for path in found if path.is_file()}
