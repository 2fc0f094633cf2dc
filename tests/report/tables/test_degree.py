"""The table of needed degrees, against the table of all degrees."""

import re

import pandas as pd
import pytest

from ickrr.io.files import write_table
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


def test_a_known_degree_is_found_if_it_is_off_by_one_at_most(experiment, results, tmp_path):
    """Fails if it is held against the degree that was written, or a run or noise is another's."""
    misses = {("spherical", 0.15): 1, ("spherical", 0.3): 4, ("noise_01", 0.15): 0, ("noise_01", 0.3): 3}
    for run in ("spherical", "noise_01"):
        rows = []
        for noise in (0.3, 0.15):
            for case in range(10):
                # What is made with eight products needs four; one more or less is found, two are not.
                off = 2 * (-1) ** case if case < misses[run, noise] else case % 3 - 1
                rows.append((run, "PR", 8, 4, noise, 4 + off))
        trials = load_table(results / "tables", [run], "degree_trials")
        write_table(tmp_path / run / "degree_trials.parquet", pd.DataFrame(rows, columns=trials.columns))
        write_table(tmp_path / run / "degree.parquet", load_table(results / "tables", [run], "degree"))
    table = build(experiment, tmp_path)
    header = next(one for one in table.latex.splitlines() if one.startswith("Run &"))
    assert [cell.strip(" \\") for cell in header.split("&")][-2:] == ["0.15", "0.30"]
    for run in ("spherical", "noise_01"):
        rows = table.frame[table.frame["run"] == run]
        assert set(rows["cases"]) == {10}
        assert set(rows["found"]) == {10 - misses[run, 0.3]}
        line = next(one for one in table.latex.splitlines() if one.startswith(f"{run.replace('_', ' ')} &"))
        found = [cell.strip(" \\") for cell in line.split("&")][-2:]
        assert found == [f"{10 - misses[run, noise]} of 10" for noise in (0.15, 0.3)]
