"""The macros that the paper's text uses are the macros that the pipeline writes."""

import re
from pathlib import Path

from ickrr.report.numbers import all_numbers
from ickrr.report.origin import origin_macros, read_records

PAPER = Path(__file__).resolve().parents[2] / "paper"
LATEX = {"Cref", "Big", "Bigl", "Bigr"}  # capitalised commands of LaTeX and its packages


def test_every_macro_of_the_paper_is_written(experiment, results):
    """Fails if the text uses a number that `numbers` does not make, before LaTeX is ever run."""
    records = read_records(sorted((results / "trained/spherical").rglob("run.json")))
    written = {
        name
        for macros in (
            all_numbers(experiment, results / "tables"),
            origin_macros(experiment.scale, records),
        )
        for name, _ in macros.items()
    }
    own = set(re.findall(r"\{\\([A-Za-z]+)\}", (PAPER / "ickrr.sty").read_text()))
    text = "\n".join(path.read_text() for path in PAPER.rglob("*.tex"))
    used = set(re.findall(r"\\([A-Z][A-Za-z]*)", re.sub(r"(?<!\\)%.*", "", text))) - own - LATEX
    assert "SphericalExcessRisk" in used
    assert used <= written, sorted(used - written)
