import re

import numpy as np
import pytest
from construction_tables import controls_table
from identification_tables import encompassing

from ickrr.config.constructions import ControlSettings
from ickrr.errors import FileError
from ickrr.io.files import write_table
from ickrr.report.load import estimate, load_table
from ickrr.report.studies import ALIGNED
from ickrr.report.tables.alignment import BARE, build


@pytest.fixture(scope="module")
def table(experiment, results):
    return build(experiment, results / "tables")


def write_runs(folder, tables):
    """Write the alignment of some runs, by name, and invented partial coefficients."""
    for run, alignment in tables.items():
        write_table(folder / run / "alignment.parquet", alignment)
        write_table(folder / run / "encompassing.parquet", encompassing(run, np.random.default_rng(0)))


def body(latex):
    lines = latex.split(r"\midrule", 1)[1].split(r"\bottomrule")[0].strip().splitlines()
    return [[cell.strip() for cell in line.removesuffix(r"\\").split("&")] for line in lines]


def test_frame_is_the_table_with_the_law(table, results):
    """Fails if a row is lost, or the law of a run is not its task's."""
    alignment = load_table(results / "tables", ["spherical", "noise_01"], "alignment")
    partial = table.frame["statistic"].isin(["addition", "left"])
    assert len(table.frame[~partial]) == len(alignment)
    assert dict(zip(table.frame["run"], table.frame["law"], strict=True)) == {
        "spherical": "spherical",
        "noise_01": "uniform",
    }


def test_cells_equal_the_table(table, results, experiment):
    """Fails if a cell shows another number, the wrong solver's, or the wrong interval."""
    rows = body(table.latex)
    solvers, nulls = experiment.solvers.headline, experiment.solvers.nulls
    assert len(rows) == 2 * (1 + len(solvers) + len(nulls)) + 3  # and partial coefficients with their header
    alignment = load_table(results / "tables", ["spherical"], "alignment")
    for row, solver in zip(rows[1:], [*solvers, *nulls], strict=False):
        for column, (statistic, (_, factor, places)) in enumerate(ALIGNED.items(), start=2):
            if solver in nulls and statistic not in ("similarity", "distance"):
                assert row[column] == ""
                continue
            found = estimate(alignment, solver, statistic)
            if found.value != found.value:
                assert row[column] == "none"
                continue
            shown = [float(number) for number in re.findall(r"-?[\d.]+", row[column])]
            ends = [] if statistic in BARE else [found.low, found.high]
            expected = [factor * number for number in (found.value, *ends)]
            assert shown == pytest.approx(expected, abs=0.51 * 10**-places)


def test_floor_and_labels(table):
    """Fails if the floor is not shown, or a block does not say its inputs."""
    rows = body(table.latex)
    assert rows[0][:2] == ["Sphere", "Zero predictor (floor)"]
    assert rows[0][2].startswith("0.600 {")
    names = ["Ridge path", "Lengthscale path", "Shrunk mean", "Smoother"]
    assert [row[1] for row in rows[5:9]] == [f"{name} (null)" for name in names]
    assert rows[9][0] == r"\midrule Cube"
    assert rows[4][1] == "Newton--Schulz"


def test_a_value_without_interval_says_so(toy, tmp_path, experiment):
    """Fails if an interval that is undefined in too many draws is printed as numbers, or hides its value."""
    for run in ("spherical", "noise_01"):
        full = toy.alignment(run, [toy.draws(0), toy.draws(1)])
        one = (full["solver"] == "richardson") & (full["statistic"] == "slope")
        full.loc[one, ["low", "high"]] = float("nan")
        write_runs(tmp_path, {run: full})
    rows = body(build(experiment, tmp_path).latex)
    assert rows[2][4] == "3.00"


def test_a_tiny_distance_is_told_by_its_power(toy, tmp_path, experiment):
    """Fails if a distance that is nearly zero is printed as zero beside an interval that excludes it."""
    for run in ("spherical", "noise_01"):
        full = toy.alignment(run, [toy.draws(0), toy.draws(1)])
        one = (full["solver"] == "richardson") & (full["statistic"] == "distance")
        full.loc[one, ["value", "low", "high"]] = (4.1e-5, 4.0e-5, 4.2e-5)
        write_runs(tmp_path, {run: full})
    rows = body(build(experiment, tmp_path).latex)
    assert rows[2][3] == r"\ensuremath{4.1\,[4,\,4.2]\times 10^{-5}}"


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
    write_runs(tmp_path, {run: toy.alignment(run, [toy.draws(0), toy.draws(1)]) for run in both.runs})
    labels = [row[0] for row in body(build(both, tmp_path).latex) if row[0]]
    assert labels == ["deep", r"\midrule shal low", r"\midrule Inputs", r"\midrule deep", "shal low"]


PAIRS = [("R", "PR"), ("PR", "R"), ("ridge", "PR"), ("PR", "ridge")]
"""Families and the ones that are added to them, in the order of the columns."""


def test_partial_coefficients_are_the_means_over_layers(table, results, experiment):
    """Fails if a coefficient is of the other direction, of one seed or layer, or another run's."""
    header, *rows = body(table.latex)[-3:]
    assert header[:6] == [
        r"\midrule Inputs",
        "Partial coefficients",
        "PR to R",
        "R to PR",
        "PR to ridge",
        "Ridge to PR",
    ]
    assert [row[0] for row in rows] == [r"\midrule Sphere", "Cube"]
    for row, run in zip(rows, ("spherical", "noise_01"), strict=True):
        pairs = load_table(results / "tables", [run], "encompassing")
        means = pairs[(pairs["seed"] == -1) & (pairs["layer"] == 0)].set_index(["family", "other"])
        frame = table.frame[(table.frame["run"] == run) & (table.frame["statistic"] == "addition")]
        assert len(frame) == len(PAIRS)
        for cell, (family, other), shown in zip(row[2:6], PAIRS, frame.to_dict("records"), strict=True):
            expected = means.loc[(family, other), ["coefficient", "low", "high"]].tolist()
            assert [shown[name] for name in ("value", "low", "high")] == expected
            assert shown["solver"] == f"{other} beside {family}"
            numbers = [float(number) for number in re.findall(r"-?\d+\.\d+", cell)]
            assert numbers == pytest.approx(expected, abs=0.0051)
            layers = range(3, experiment.run(run).model.layers + 1)
            own = pairs[(pairs["family"] == family) & (pairs["other"] == other) & pairs["layer"].isin(layers)]
            each = [own[own["seed"] == seed]["coefficient"].mean() for seed in experiment.seeds(run)]
            assert shown["seed_sd"] == pytest.approx(np.std(each, ddof=1))
            assert shown["seeds"] == len(each)


def test_what_is_left_is_a_share_of_the_main_family(experiment, results, tmp_path):
    """Fails if the share is of the rival, of a layer or a seed, or not in percent."""
    for run in ("spherical", "noise_01"):
        write_table(tmp_path / run / "alignment.parquet", load_table(results / "tables", [run], "alignment"))
        pairs = load_table(results / "tables", [run], "encompassing")
        mean = (pairs["seed"] == -1) & (pairs["layer"] == 0)
        for share, family in ((0.0123, "R"), (0.0456, "ridge")):
            pairs.loc[mean & (pairs["family"] == family) & (pairs["other"] == "PR"), "left"] = share
        write_table(tmp_path / run / "encompassing.parquet", pairs)
    table = build(experiment, tmp_path)
    assert [row[6:] for row in body(table.latex)[-2:]] == [["1.23", "4.56"]] * 2
    left = table.frame[table.frame["statistic"] == "left"]
    assert left["solver"].tolist() == ["PR beside R", "PR beside ridge"] * 2
    assert left["value"].tolist() == [0.0123, 0.0456] * 2
    assert left[["low", "high"]].isna().all(axis=None)


def with_controls(experiment, toy, folder, judged):
    """The toy's experiment with two controls in the table, and their tables."""
    settings = experiment.tables["tab_alignment"].model_copy(
        update={"controls": ["built_probed", "random"], "runs": ["spherical"]}
    )
    controls = {name: ControlSettings() for name in settings.controls}
    write_runs(folder, {"spherical": toy.alignment("spherical", [toy.draws(0)])})
    for index, run in enumerate(controls, start=1):
        write_table(folder / run / "alignment.parquet", toy.alignment(run, [toy.draws(index)]))
    write_table(folder / "construction/controls.parquet", judged)
    return experiment.model_copy(
        update={
            "tables": {"tab_alignment": settings},
            "constructions": experiment.constructions.model_copy(update={"controls": controls}),
        }
    )


def test_controls_stand_below_the_runs(experiment, toy, tmp_path):
    """Fails if a control is lost, shows another solver than its own, or passes for a run."""
    judged = controls_table()
    judged.loc[judged["control"] == "random", "solver"] = "richardson"
    table = build(with_controls(experiment, toy, tmp_path, judged), tmp_path)
    rows = body(table.latex)[-4:-2]
    assert [row[:2] for row in rows] == [
        [r"\midrule Controls", "Exact products, probed"],
        ["", "Random weights"],
    ]
    for row, control, solver in (
        (rows[0], "built_probed", "preconditioned_richardson"),
        (rows[1], "random", "richardson"),
    ):
        found = estimate(load_table(tmp_path, [control], "alignment"), solver, "distance")
        assert float(row[3].split()[0]) == pytest.approx(found.value, abs=0.51e-3)
    assert set(table.frame["run"]) == {"spherical", "built_probed", "random"}


def test_a_control_that_was_not_judged_is_named(experiment, toy, tmp_path):
    """Fails if a control without a verdict is left out, or ends in a traceback."""
    shown = with_controls(experiment, toy, tmp_path, controls_table().query("control != 'random'"))
    with pytest.raises(FileError, match=r"construction/controls.parquet: has no row of control 'random'"):
        build(shown, tmp_path)


def test_a_missing_solver_is_named(experiment, results, tmp_path, toy):
    """Fails if a solver without results gets an empty row instead of an error."""
    for run in ("spherical", "noise_01"):
        full = toy.alignment(run, [toy.draws(0)])
        write_runs(tmp_path, {run: full[full["solver"] != "newton_schulz"]})
    with pytest.raises(FileError, match="has 0 rows of solver 'newton_schulz'"):
        build(experiment, tmp_path)
