"""Notebooks of the figures as pages of the site, and what they say of their figures."""

from pathlib import Path
from typing import Final

import nbformat
from markupsafe import Markup
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html
from pygments.formatters import HtmlFormatter

from ickrr.site.layout import page, render
from ickrr.site.results_files import CODE_COLOURS

NO_TEXT: Final = "No description has been provided for this image"  # nbconvert's


class FigureNotebook:
    """The notebook that drew a figure.

    Args:
        figure: name of the figure.
        executed: the notebook as the job that drew the figure ran it; there is none where the results were
            restored from a bundle, and then `source` is shown.
        source: the notebook of its kind.
    """

    def __init__(self, figure: str, executed: Path, source: Path) -> None:
        self.figure = figure
        self.executed = executed.exists()
        self._notebook = nbformat.read(executed if self.executed else source, as_version=4)

    @property
    def title(self) -> str:
        """Its first heading."""
        first: str = self._notebook.cells[0].source.splitlines()[0]
        return first.lstrip("# ")

    @property
    def words(self) -> Markup:
        """What it says of the figure, derived from the tables (HTML); empty where it did not run here."""
        outputs = [output for cell in self._notebook.cells for output in cell.get("outputs", [])]
        texts = [
            output["data"]["text/markdown"] for output in outputs if "text/markdown" in output.get("data", {})
        ]
        return Markup("".join(markdown2html(text) for text in texts))

    def page(self, here: str) -> str:
        """Return it as a page.

        Args:
            here: path of the page below the site.
        """
        # "basic" is the fragment alone: the other templates load scripts from elsewhere.
        exporter = HTMLExporter(
            template_name="basic",
            exclude_anchor_links=True,
            exclude_input_prompt=True,
            exclude_output_prompt=True,
        )
        fragment, _ = exporter.from_notebook_node(self._notebook)
        fragment = fragment.replace(NO_TEXT, f"The figure {self.figure}, as the notebook drew it")
        body = render("notebook.j2", figure=self.figure, executed=self.executed, fragment=Markup(fragment))
        return page(f"Notebook of {self.figure}", body, here, styles=[f"assets/{CODE_COLOURS}"])


def code_colours() -> str:
    """Return the style sheet of highlighted code, light and dark."""
    light = HtmlFormatter(style="a11y-high-contrast-light").get_style_defs(".highlight")
    dark = HtmlFormatter(style="a11y-high-contrast-dark").get_style_defs('[data-theme="dark"] .highlight')
    return f"{light}\n{dark}\n"
