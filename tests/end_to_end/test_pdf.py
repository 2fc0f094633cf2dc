"""The PDF as a file: its length, and what a reader's program and a library catalogue read of it.

The smoke paper is checked, and every paper that has been made in this checkout.
"""

import re
from pathlib import Path

import pytest
from pypdf import PdfReader
from support import ROOT, Paper

MOST_PAGES_OF_TEXT = 12
MOST_PAGES_OF_APPENDIX = 15

MADE_HERE = sorted(path.parent for path in ROOT.glob("results/*/paper.pdf"))


@pytest.fixture(
    scope="module", params=[None, *MADE_HERE], ids=lambda folder: folder.name if folder else "test"
)
def results(request: pytest.FixtureRequest) -> Path:
    """Return the folder of the results of a paper."""
    if request.param is not None:
        return request.param
    paper: Paper = request.getfixturevalue("smoke_paper")
    return paper.results()


def test_text_and_appendix_keep_to_their_pages(results: Path) -> None:
    """Fails if the text with its references, or the appendix, is longer than a person reads."""
    labels = (results / "paper_build/main.aux").read_text()
    found = re.search(r"\\newlabel\{sec:ledger\}\{\{A\}\{(\d+)\}", labels)
    assert found is not None, "the appendix does not begin with its ledger"
    text = int(found[1]) - 1
    assert text <= MOST_PAGES_OF_TEXT
    assert len(PdfReader(results / "paper.pdf").pages) - text <= MOST_PAGES_OF_APPENDIX


def test_the_pdf_says_what_it_is(results: Path) -> None:
    """Fails if title, authors, keywords or language are not set, or a title keeps commands."""
    pdf = PdfReader(results / "paper.pdf")
    about = pdf.metadata
    assert about is not None
    title = (ROOT / "paper/main.tex").read_text().split("\\title{")[1].split("}\n")[0]
    assert about.title == " ".join(re.sub(r"\\\\", " ", title).split())
    assert about.author == "The ickrr authors"
    assert "Richardson iteration" in about["/Keywords"].split("; ")
    assert pdf.root_object["/Lang"] == "en-GB"
