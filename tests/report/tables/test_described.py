"""The table of described runs, against loops over the rows that it averages."""

import pytest

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.report.load import load_table
from ickrr.report.tables.described import build

RUNS = ("spherical", "noise_01")


def test_shares_are_of_the_layers_that_count(experiment, results):
    """Fails if the first layers or the own readout count, or rows of families are counted as layers."""
    frame = build(experiment, results / "tables").frame.set_index("run")
    for run in RUNS:
        table = load_table(results / "tables", [run], "attribution")
        layers = {}
        for row in table[table["counted"].astype(bool)].to_dict("records"):
            one = layers.setdefault((row["seed"], row["layer"]), {"named": row["named"], "survivors": set()})
            one["survivors"] |= {row["family"]} if row["survives"] else set()
        found = frame.loc[run]
        assert found["layers"] == len(layers)
        expected = {
            "named": [one["named"] in FAMILY_WORDS for one in layers.values()],
            "none": [one["named"] == "none" for one in layers.values()],
            "pr": ["PR" in one["survivors"] for one in layers.values()],
            "r": ["R" in one["survivors"] for one in layers.values()],
            "closed_form": [
                bool(one["survivors"] & {"ridge", "PR closed", "smoother"}) for one in layers.values()
            ],
        }
        for name, values in expected.items():
            assert found[name] == pytest.approx(sum(values) / len(layers)), name


def test_coefficients_are_the_means_over_layers(experiment, results):
    """Fails if a coefficient is of the other direction, of one seed, or of the other set of prompts."""
    frame = build(experiment, results / "tables").frame.set_index("run")
    for run in RUNS:
        for table, prefix in (("encompassing", ""), ("uneven", "uneven_")):
            rows = load_table(results / "tables", [run], table)
            rows = rows[(rows["seed"] == -1) & (rows["layer"] == 0)].set_index(["family", "other"])
            for pair, name in ((("R", "PR"), "pr_to_r"), (("PR", "R"), "r_to_pr")):
                for column, end in (("coefficient", ""), ("low", "_low"), ("high", "_high")):
                    assert frame.loc[run, f"{prefix}{name}{end}"] == rows.loc[pair, column]


def test_the_text_shows_a_line_for_each_run(experiment, results):
    """Fails if a run has no line, or its coefficient stands in another column."""
    table = build(experiment, results / "tables")
    for row in table.frame.to_dict("records"):
        line = next(one for one in table.latex.splitlines() if one.startswith(row["run"].replace("_", " ")))
        cells = [cell.strip() for cell in line.rstrip("\\").split("&")]
        assert len(cells) == 11
        assert cells[1] == str(row["layers"])
        assert cells[7].startswith(f"{row['pr_to_r']:.2f}")
        assert cells[9].startswith(f"{row['uneven_pr_to_r']:.2f}")
