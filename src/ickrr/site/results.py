"""The Results page: findings, every figure with its data and its notebook, tables, and the ledger."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup, escape

from ickrr.config.experiment import Experiment
from ickrr.site.findings import VERDICTS, Claim, number
from ickrr.site.layout import page, render

HERE: Final = "index.html"
STYLES: Final = {
    "supported": "good",
    "not supported": "bad",
    "tied": "open",
    "undecided": "open",
    "not tested": "open",
}
MARKS: Final = {"supported": "✓", "not supported": "✗", "tied": "=", "undecided": "?", "not tested": "–"}
MARK: Final = re.compile(r"``(.+?)``")


@dataclass(frozen=True)
class FigureShown:
    """A figure on the page.

    Attributes:
        name: its name in config.yaml.
        title: what its notebook is headed by.
        caption: its description in config.yaml.
        words: what its notebook says of it, HTML.
        size: width and height of its picture in pixels.
        megabytes: size of its data.
    """

    name: str
    title: str
    caption: str
    words: Markup
    size: tuple[int, int]
    megabytes: float


CARRYING: Final = "fig_identification"
"""The figure that carries the paper."""


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of figures as a person counts them: fig2 before fig10, and those without a number last.

    The one that carries the paper, its Figure 1, comes before all others.
    """

    def key(name: str) -> tuple[bool, bool, int, str]:
        digits = re.search(r"\d+", name)
        return name != CARRYING, digits is None, int(digits[0]) if digits else 0, name

    return sorted(names, key=key)


def formatted(text: str) -> Markup:
    """Return a description of config.yaml, whose only mark-up is ````code````, as HTML."""
    return Markup(MARK.sub(r"<code>\1</code>", str(escape(text))))


def results_page(
    experiment: Experiment,
    claims: Sequence[Claim],
    figures: Sequence[FigureShown],
    tables: dict[str, str],
) -> str:
    """Return the page.

    Args:
        experiment: the resolved experiment.
        claims: the judged ledger.
        figures: the figures, in the order of the page.
        tables: descriptions of the paper's tables by their names.
    """
    counts = Counter(claim.verdict for claim in claims)
    body = render(
        "results.j2",
        scale=experiment.scale,
        claims=claims,
        counts={verdict: counts[verdict] for verdict in VERDICTS},
        groups={
            heading: [claim for claim in claims if claim.verdict == verdict]
            for verdict, heading in VERDICTS.items()
        },
        sources=sorted({claim.source for claim in claims}),
        figures=figures,
        tables=tables,
        targets={*(figure.name for figure in figures), *tables},
        styles=STYLES,
        marks=MARKS,
        number=number,
        formatted=formatted,
    )
    return page("Results", body, HERE, scripts=["assets/ledger.js"])
