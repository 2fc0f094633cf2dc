"""What all pages of the site share: the frame with its navigation, and the style and script behind it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from ickrr.io.files import write_text

HERE: Final = Path(__file__).parent
NAME: Final = "In-context kernel regression"
PAGES: Final = {
    "index.html": "Results",
    "explorer.html": "Explorer",
    "playground.html": "Playground",
    "docs/index.html": "Docs",
    "paper.pdf": "PDF",
}
"""The navigation: what each path below the site is called."""
SHARED: Final = ("site.css", "theme.js")
"""Style and script that every page loads."""
FRAME: Final = "page.j2"
FOOTER: Final = (
    "Everything on this site is made by the pipeline from its results: no number and no verdict is typed."
)


def page(
    title: str,
    body: str,
    here: str,
    scripts: Sequence[str] = (),
    styles: Sequence[str] = (),
    footer: str = FOOTER,
) -> str:
    """Return a whole page.

    Args:
        title: what the browser's tab says before the name of the site.
        body: HTML of the page's main part, which begins with its only `h1`.
        here: path of the page below the site, from which its links are relative (``explorer.html``).
        scripts: paths below the site of scripts that are run in this order at the end of the page.
        styles: paths below the site of further style sheets.
        footer: the line at the end of the page.
    """
    return render(
        FRAME,
        title=title,
        name=NAME,
        body=Markup(body),
        here=here,
        root="../" * here.count("/"),
        pages=PAGES,
        scripts=scripts,
        styles=styles,
        footer=footer,
    )


def render(template: str, **values: Any) -> str:
    """Return a template of this room, filled in; values are escaped unless they are `Markup`."""
    environment = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values)


def write_assets(site: Path, names: Sequence[str] = SHARED) -> None:
    """Copy files of this room to the folder ``assets`` of the site, where the pages look for them."""
    for name in names:
        write_text(site / "assets" / name, (HERE / name).read_text(encoding="utf-8"))
