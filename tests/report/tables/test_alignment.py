import re

import pytest

from ickrr.errors import FileError
from ickrr.files import write_table
from ickrr.report.load import estimate, load_table
from ickrr.report.tables.alignment import COLUMNS, build


@pytest.fixture(scope="module")
def table(experiment, results):
    return build(experiment, results)


def body(latex):
    lines = latex.split(r"\midrule", 1)[1].split(r"\bottomrule")[0].strip().splitlines()
    return [[cell.strip() for cell in line.removesuffix(r"\\").split("&")] for line in lines]


def test_frame_is_the_table_with_the_law(table, results):
    """Fails if a row is lost, or the law of a run is not its task's."""
    alignment = load_table(results / "tables", ["spherical", "noise_01"], "alignment")
    assert len(table.frame) == len(alignment)
    assert dict(zip(table.frame["run"], table.frame["law"], strict=True)) == {
        "spherical": "spherical",
        "noise_01": "uniform",
    }


def test_cells_equal_the_table(table, results, experiment):
    """Fails if a cell shows another number, the wrong solver's, or the wrong interval."""
    rows = body(table.latex)
    solvers = experiment.solvers.names
    assert len(rows) == 2 * 2 * (1 + len(solvers))
    alignment = load_table(results / "tables", ["spherical"], "alignment")
    for index, solver in enumerate(solvers):
        values, intervals = rows[2 + 2 * index], rows[3 + 2 * index]
        for column, (statistic, (_, factor, places)) in enumerate(COLUMNS.items(), start=2):
            found = estimate(alignment, solver, statistic)
            if found.value != found.value:
                assert values[column] == "{--}"
                assert intervals[column] == ""
                continue
            assert float(values[column]) == pytest.approx(factor * found.value, abs=0.51 * 10**-places)
            low, high = map(float, re.findall(r"[\d.]+", intervals[column]))
            assert low == pytest.approx(factor * found.low, abs=0.51 * 10**-places)
            assert high == pytest.approx(factor * found.high, abs=0.51 * 10**-places)


def test_floor_and_labels(table):
    """Fails if the floor is not shown, or a block does not say its inputs."""
    rows = body(table.latex)
    assert rows[0][:3] == ["Sphere", "Zero predictor (floor)", "0.600"]
    assert rows[18][0] == r"\midrule Cube"
    assert rows[8][1] == "Newton--Schulz"


def test_a_value_without_interval_says_so(toy, tmp_path, experiment):
    """Fails if an interval that is undefined in too many draws is printed as numbers, or hides its value."""
    for run in ("spherical", "noise_01"):
        full = toy.alignment(run, [toy.draws(0), toy.draws(1)])
        one = (full["solver"] == "richardson") & (full["statistic"] == "slope")
        full.loc[one, ["low", "high"]] = float("nan")
        write_table(tmp_path / "tables" / run / "alignment.parquet", full)
    rows = body(build(experiment, tmp_path).latex)
    assert (rows[4][4], rows[5][4]) == ("3.00", "{--}")


def test_runs_of_one_law_are_told_apart(toy, tmp_path, experiment):
    """Fails if two runs of the same law get the same label."""
    both = experiment.model_copy(
        update={"runs": {run: experiment.runs["spherical"] for run in ("deep", "shal_low")}}
    )
    both = both.model_copy(
        update={
            "tables": {
                "tab_alignment": experiment.tables["tab_setup"].model_copy(update={"runs": list(both.runs)})
            }
        }
    )
    for run in both.runs:
        write_table(
            tmp_path / "tables" / run / "alignment.parquet", toy.alignment(run, [toy.draws(0), toy.draws(1)])
        )
    labels = [row[0] for row in body(build(both, tmp_path).latex) if row[0]]
    assert labels == ["deep", r"\midrule shal low"]


def test_a_missing_solver_is_named(experiment, results, tmp_path, toy):
    """Fails if a solver without results gets an empty row instead of an error."""
    for run in ("spherical", "noise_01"):
        full = toy.alignment(run, [toy.draws(0)])
        write_table(tmp_path / "tables" / run / "alignment.parquet", full[full["solver"] != "chebyshev"])
    with pytest.raises(FileError, match="has 0 rows of solver 'chebyshev'"):
        build(experiment, tmp_path)
