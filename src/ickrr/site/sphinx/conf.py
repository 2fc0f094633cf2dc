"""Settings of Sphinx for the documentation of the site (`ickrr.site.docs`)."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from sphinx.application import Sphinx

from ickrr.site.layout import PAGES

project = "In-context kernel regression"
author = "The ickrr authors"
extensions = ["myst_parser", "sphinx.ext.napoleon", "sphinx.ext.autodoc"]
exclude_patterns = [".doctrees"]
templates_path = ["templates"]

myst_heading_anchors = 3
# Files that are no pages (a profile, a test) are linked as downloads.
suppress_warnings = ["ref.python"]

default_role = "py:obj"  # single backticks of docstrings are names
autodoc_typehints = "none"
add_module_names = False
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # autodoc lists the attributes too

html_context = {"site_pages": PAGES}
html_theme = "furo"
html_title = "Documentation"
html_show_search_summary = False  # it is fetched, which no browser allows from the file system
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_favicon = None
html_theme_options = {"announcement": "pages", "top_of_page_buttons": []}
html_static_path = [str(Path(__file__).with_name(name)) for name in ("docs.css", "docs.js")]
html_css_files = ["docs.css"]
html_js_files = ["docs.js"]
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"


def bars(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Keep reStructuredText from reading absolute values, ``|x - y|``, as names of texts to be filled in."""
    for number, line in enumerate(lines):
        parts = line.split("``")  # every second one is code
        lines[number] = "``".join(p if i % 2 else p.replace("|", r"\|") for i, p in enumerate(parts))


def setup(app: Sphinx) -> None:
    """Register what docstrings need."""
    app.connect("autodoc-process-docstring", bars)
