"""A quantity of a summary table, and the names that its subjects and settings have."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ickrr.config.experiment import Experiment


@dataclass(frozen=True)
class Names:
    """The names that a column holds.

    Attributes:
        words: what text writes for a name (LaTeX); one without words stands as it is, with spaces.
        settings: those that come from the settings; the keys of `words` where absent.
        rule: where these come from, for people (Markdown).
    """

    words: Mapping[str, str] = field(default_factory=dict)
    settings: Callable[[Experiment], Iterable[str]] | None = None
    rule: str = ""

    def known(self, experiment: Experiment) -> list[str]:
        """Return all names that an experiment has."""
        return list(self.settings(experiment) if self.settings else self.words)

    def __or__(self, other: "Names") -> "Names":
        """Join names that do not come from settings."""
        return Names({**self.words, **other.words})


@dataclass(frozen=True)
class Quantity:
    """One quantity; its rows are all pairs of its subjects and its settings.

    Attributes:
        words: what it is, as tables of the paper write it (LaTeX).
        meaning: its definition (Markdown).
        subjects: what the number may belong to.
        settings: under which settings it is given.
    """

    words: str
    meaning: str
    subjects: Names
    settings: Names


NONE: Final = Names({"": ""})
