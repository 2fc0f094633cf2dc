"""Words for rows of the summary tables, as `ickrr.config.summaries` has them; LaTeX."""

from ickrr.config.summaries import SUMMARIES
from ickrr.config.summaries.names import Quantity
from ickrr.report.formatting import escape


def plain(name: str) -> str:
    """Return an identifier as text."""
    return escape(name.replace("_", " "))


def quantity_words(table: str, quantity: str) -> str:
    """Say what a number is."""
    found = _of(table, quantity)
    return found.words if found else plain(quantity)


def subject_words(table: str, quantity: str, subject: str) -> str:
    """Say what a number belongs to."""
    found = _of(table, quantity)
    return found.subjects.words.get(subject, plain(subject)) if found else plain(subject)


def setting_words(table: str, quantity: str, setting: str) -> str:
    """Say under which setting a number is given."""
    found = _of(table, quantity)
    return found.settings.words.get(setting, plain(setting)) if found else plain(setting)


def _of(table: str, quantity: str) -> Quantity | None:
    # A table that other code wrote may hold more; its words are then its names.
    return SUMMARIES.get(table, {}).get(quantity)
