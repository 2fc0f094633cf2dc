"""The table of needed degrees, against the table of all degrees."""

import re

import pytest

from ickrr.report.load import load_table
from ickrr.report.tables.degree import build


def test_rows_are_the_needed_degrees(experiment, results):
    """Fails if a degree that is not needed, or another run's, is averaged."""
    frame = build(experiment, results / "tables").frame.set_index(["run", "layer"])
    table = load_table(results / "tables", ["noise_01"], "degree")
    for layer, rows in table[table["needed"]].groupby("layer"):
        found = frame.loc[("noise_01", layer)]
        assert found["degree"] == pytest.approx(rows["degree"].mean())
        assert (found["fewest"], found["most"]) == (rows["degree"].min(), rows["degree"].max())
        assert found["seeds"] == rows["seed"].nunique() == 2


def test_the_last_layer_is_not_the_readout(experiment, results):
    """Fails if the columns of the last layer and of the readout are exchanged, or a layer is shifted."""
    table = build(experiment, results / "tables")
    line = next(one for one in table.latex.splitlines() if one.startswith("noise 01 &"))
    cells = [cell.strip(" \\") for cell in line.split("&")]
    needed = table.frame[table.frame["run"] == "noise_01"].set_index("layer")["degree"]
    assert cells[1] == "4"  # layers
    assert cells[2:8] == [f"{needed[layer]:.1f}" for layer in (1, 2, 3, 4, 4, 5)]
    mean = (needed[[1, 2, 3]] - [1, 2, 3]).mean()
    assert float(re.search(r"-?\d+\.?\d*", cells[8])[0]) == pytest.approx(mean, abs=0.01)
