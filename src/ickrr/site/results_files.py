"""Which files the Results page is made of and consists of; its rule asks for these."""

from typing import Final

from ickrr.config.experiment import FigureSettings

RESULTS_ASSETS: Final = ("site.css", "theme.js", "ledger.js")
"""Files of this room that the page brings along; every page loads the first two."""
CODE_COLOURS: Final = "notebook.css"
"""The style sheet of highlighted code."""


def tables_of(figure: FigureSettings) -> list[str]:
    """Return the tables that a figure reads, by their path below ``tables``."""
    return [f"{run}/{table}" for run in figure.runs for table in figure.tables] + list(figure.others)
