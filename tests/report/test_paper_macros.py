"""The macros that the paper's text uses are the macros that the pipeline writes."""

import re
from pathlib import Path

from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.report.numbers.made import macros, named
from ickrr.report.tables import ledger_abstract, ledger_metarep, ledger_ours, ledger_reviews

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "paper"
LATEX = {"Cref", "Gamma", "Phi", "Big", "Bigl", "Bigr"}  # capitalised commands of LaTeX and its packages


def used_macros() -> set[str]:
    own = set(re.findall(r"\{\\([A-Za-z]+)\}", (PAPER / "ickrr.sty").read_text()))
    text = "\n".join(path.read_text() for path in PAPER.rglob("*.tex"))
    return set(re.findall(r"\\([A-Z][A-Za-z]*)", re.sub(r"(?<!\\)%.*", "", text))) - own - LATEX


def test_every_macro_of_the_paper_is_written():
    """Fails if the text uses a number that the pipeline does not make, before LaTeX is ever run."""
    experiment = load_experiment(ROOT / "config.yaml", None)
    made = macros(named(experiment, load_ledger(ROOT / "claims.yaml", experiment).claims))
    begun = tuple(name[:-1] for name in made if name.endswith("*"))
    used = used_macros()
    assert "SphericalExcessShare" in used
    assert not {name for name in used - made if not name.startswith(begun)}


def test_every_claim_is_in_a_table_of_the_ledger():
    """Fails if a claim has a source that no table of the ledger shows."""
    claims = load_ledger(ROOT / "claims.yaml", load_experiment(ROOT / "config.yaml", None)).claims
    tables = (ledger_abstract, ledger_reviews, ledger_metarep, ledger_ours)
    shown = {source for table in tables for source in table.SOURCES}
    assert {claim.source for claim in claims.values()} <= shown
