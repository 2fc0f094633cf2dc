"""The macros that the paper's text uses are the macros that the pipeline writes."""

import re
from pathlib import Path

import pandas as pd

from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.report.formatting import camel_case
from ickrr.report.numbers.claims import claim_numbers
from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.origin import origin_macros, read_records
from ickrr.report.numbers.runs import all_numbers

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "paper"
LATEX = {"Cref", "Gamma", "Phi", "Big", "Bigl", "Bigr"}  # capitalised commands of LaTeX and its packages


def used_macros() -> set[str]:
    own = set(re.findall(r"\{\\([A-Za-z]+)\}", (PAPER / "ickrr.sty").read_text()))
    text = "\n".join(path.read_text() for path in PAPER.rglob("*.tex"))
    return set(re.findall(r"\\([A-Z][A-Za-z]*)", re.sub(r"(?<!\\)%.*", "", text))) - own - LATEX


def test_every_macro_of_the_paper_is_written(experiment, results):
    """Fails if the text uses a number that the pipeline does not make, before LaTeX is ever run.

    The toy has two runs. All runs get the same macros as its spherical one, but for the noise sweep and the
    errors, which only the runs have that a figure shows.
    """
    real = load_experiment(ROOT / "config.yaml", None)
    claims = load_ledger(ROOT / "claims.yaml", real).claims
    judged = pd.DataFrame(
        [(name, claim.source, "undecided") for name, claim in claims.items()],
        columns=["claim", "source", "verdict"],
    )
    ledger = Macros()
    claim_numbers(ledger, judged)
    swept = next(iter(experiment.figures.values())).model_copy(
        update={"runs": ["spherical"], "tables": ["noise"]}
    )
    toy = experiment.model_copy(update={"figures": {"fig10": swept}})
    without_errors = {name for name, _ in all_numbers(toy, results / "tables").items()}
    toy = experiment.model_copy(update={"figures": {**experiment.figures, "fig10": swept}})
    numbers = {name for name, _ in all_numbers(toy, results / "tables").items()}
    records = read_records(sorted((results / "records/trained/spherical").rglob("*.json")))
    written = numbers | {name for name, _ in ledger.items()}
    written |= {name for name, _ in origin_macros(experiment.scale, records).items()}
    places = ("NoiseLowest", "NoiseEqual", "NoiseHighest")
    for name in numbers:
        if name.startswith("Spherical"):
            rest = name.removeprefix("Spherical")
            runs = real.runs_showing("noise") if rest.startswith(places) else real.runs
            if name not in without_errors:
                runs = real.runs_showing("errors")
            written |= {camel_case(run) + rest for run in runs}
    used = used_macros()
    assert "SphericalExcessRisk" in used
    assert used <= written, sorted(used - written)


def test_every_claim_is_in_the_text():
    """Fails if the ledger has a claim whose verdict the text does not give."""
    claims = load_ledger(ROOT / "claims.yaml", load_experiment(ROOT / "config.yaml", None)).claims
    assert {f"Claim{camel_case(name)}Verdict" for name in claims} <= used_macros()


def test_every_run_is_listed():
    """Fails if a run of the configuration is missing from the table of runs, or one is in it that is not."""
    rows = re.findall(r"\\([A-Z][A-Za-z]*)SeedCount", (PAPER / "sections/settings.tex").read_text())
    assert rows == [camel_case(run) for run in load_experiment(ROOT / "config.yaml", None).runs]
