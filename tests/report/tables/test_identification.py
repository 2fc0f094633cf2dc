"""The table of the identification, against the attributions that it averages."""

import re

import pytest

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.report.load import load_table
from ickrr.report.tables.identification import build


def test_rows_are_means_over_the_layers_that_count(experiment, results):
    """Fails if the first layers or the own readout count, or a share belongs to another family."""
    frame = build(experiment, results / "tables").frame.set_index(["run", "family"])
    table = load_table(results / "tables", ["spherical"], "attribution")
    last = table["layer"].max() - 1
    rows = table[(table["layer"] >= 3) & (table["layer"] <= last)]
    for family in FAMILY_WORDS:
        own = rows[rows["family"] == family]
        found = frame.loc[("spherical", family)]
        assert found["distance"] == pytest.approx(own["distance"].mean())
        assert found["survives"] == pytest.approx(own["survives"].mean())
        assert found["named"] == pytest.approx((own["named"] == family).mean())
        assert found["layers"] == last - 2
        assert found["seeds"] == own["seed"].nunique()


def test_the_text_shows_the_rows(experiment, results):
    """Fails if a number of the LaTeX stands in another column or under another run."""
    table = build(experiment, results / "tables")
    line = next(one for one in table.latex.splitlines() if one.startswith("Preconditioned Richardson &"))
    shown = [float(number) for number in re.findall(r"\d+\.\d+", line)]
    frame = table.frame[table.frame["family"] == "PR"].set_index("run")
    columns = ["distance", "survives", "named"]
    expected = [frame.loc[run, column] for run in ("spherical", "noise_01") for column in columns]
    assert shown == pytest.approx(expected, abs=0.006)
