"""Which files the pages of the site are made of and consist of; the rules ask for these."""

import re
from pathlib import Path
from typing import Final

from ickrr.config.experiment import Experiment, FigureSettings
from ickrr.io.files import files_below

RESULTS_ASSETS: Final = ("site.css", "theme.js", "ledger.js")
"""Files of this room that the Results page brings along; every page loads the first two."""
CODE_COLOURS: Final = "notebook.css"
"""The style sheet of highlighted code."""
PLOT_LIBRARY: Final = ("bokeh.min.js", "bokeh-api.min.js")
EXPLORER_ASSETS: Final = ("explorer_plots.js", "explorer.js")
"""Files of this room that the Explorer brings along."""
EXPLORER_TABLES: Final = ("errors", "similarity", "matches")
"""Tables of a run that the Explorer shows."""
LINK: Final = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def tables_of(figure: FigureSettings) -> list[str]:
    """Return the tables that a figure reads, by their path below ``tables``."""
    return [f"{run}/{table}" for run in figure.runs for table in figure.tables] + list(figure.others)


def explored_runs(experiment: Experiment) -> list[str]:
    """Return the runs and controls that have layers to compare with steps."""
    return [*experiment.compared, *experiment.constructions.controls]


def documentation_sources(project: Path) -> list[Path]:
    """Return the files that the documentation is made of: Markdown, what it links to, and the library.

    Args:
        project: root of the project.
    """
    pages = {project / "README.md", project / "CONTRIBUTING.md", *files_below(project / "docs", {".md"})}
    linked = _linked(pages)
    linked |= _linked({path for path in linked if path.suffix == ".md"})
    package = project / "src" / "ickrr"
    look = files_below(package / "site" / "sphinx", {".html", ".css"})
    return sorted({*pages, *linked, *look, *files_below(package, {".py"})})


def _linked(pages: set[Path]) -> set[Path]:
    """Return the files that Markdown pages link to."""
    found = (
        (page.parent / link).resolve() for page in pages for link in LINK.findall(page.read_text("utf-8"))
    )
    return {path for path in found if path.is_file()}
