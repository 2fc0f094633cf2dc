"""The table of what depends on the probe, against the effects that it shows."""

import re

import pytest

from ickrr.report.load import load_table
from ickrr.report.studies import ALIGNED
from ickrr.report.tables.probes import build


@pytest.fixture(scope="module")
def table(experiment, results):
    return build(experiment, results / "tables")


def test_a_number_that_leaves_its_interval_is_marked(table, results):
    """Fails if the chosen value is held against its own interval, or is another probe's."""
    effects = load_table(results / "tables", ["spherical"], "probe_effects")
    rows = effects[effects["layer"] == 0].set_index(["stream", "target", "solver", "statistic"])
    found = table.frame[table.frame["run"] == "spherical"]
    assert len(found) == 4 * len(ALIGNED)
    for row in found.to_dict("records"):
        default = rows.loc[("raw", "label", row["solver"], row["statistic"])]
        value = rows.loc[("normed", "posterior_mean", row["solver"], row["statistic"]), "value"]
        assert (row["stream"], row["target"]) == ("normed", "posterior_mean")
        assert row["chosen_value"] == value
        assert row["leaves"] == (not default["low"] <= value <= default["high"])
    assert 0 < found["leaves"].sum() < len(found)


def test_the_text_has_both_values_and_the_star(table):
    """Fails if a star stands at another number, or the two values are exchanged."""
    line = next(one for one in table.latex.splitlines() if one.startswith("spherical &"))
    cells = line.split("&")[2:]
    rows = table.frame[(table.frame["run"] == "spherical") & (table.frame["solver"] == SOLVER)]
    for cell, (statistic, (_, factor, _)) in zip(cells, ALIGNED.items(), strict=True):
        row = rows.set_index("statistic").loc[statistic]
        first, second = (float(number) for number in re.findall(r"\d+\.?\d*", cell)[:2])
        assert first == pytest.approx(factor * row["value"], abs=0.51 if factor == 100 else 0.006)
        assert second == pytest.approx(factor * row["chosen_value"], abs=0.51 if factor == 100 else 0.006)
        assert ("*" in cell) == row["leaves"]


SOLVER = "preconditioned_richardson"
