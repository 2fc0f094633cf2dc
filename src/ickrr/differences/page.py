"""A comparison as one HTML page that needs no other file."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from ickrr.differences.compare import Differences
from ickrr.differences.sections import Section

TEMPLATE: Final = Path(__file__).with_name("page.html.j2")


def page(found: Differences, shown: Sequence[Section], pictures: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        found: the comparison.
        shown: its sections.
        pictures: SVG by run.
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    return template.render(first=found.first, second=found.second, sections=shown, pictures=pictures)
