"""The data of the Explorer: numbers of the tables, in the order that the page expects."""

import json

import numpy as np
import pandas as pd
import pytest
from identification_tables import attribution, encompassing, filters
from support import ROOT

from ickrr.config.load import load_experiment
from ickrr.site.explorer import FAMILIES, as_script, run_script
from ickrr.site.explorer_files import EXPLORER_TABLES, explorer_tables

SOLVERS = ("richardson", "chebyshev")
LAYERS, STEPS, CONTEXT = 2, 3, 4


@pytest.fixture
def tables(tmp_path):
    """Tables of two seeds in which every number says where it stands; rows are in another order."""
    numbers = np.random.default_rng(0)
    at = [
        (seed, method, step, n)
        for seed, method, last in [(0, "transformer", LAYERS), (1, "transformer", LAYERS)]
        for step in range(last + 1)
        for n in range(CONTEXT + 1)
    ]
    at += [
        (-1, solver, step, n) for solver in SOLVERS for step in range(STEPS + 1) for n in range(CONTEXT + 1)
    ]
    errors = pd.DataFrame(at, columns=["seed", "method", "step", "context_length"])
    errors["mse"] = 1000 + 100 * errors["step"] + errors["context_length"]
    errors["excess_risk"] = np.where(errors["step"] == 1, np.nan, errors["mse"] / 7)
    cells = [
        (seed, solver, layer, step)
        for seed in (0, 1)
        for solver in SOLVERS
        for layer in range(LAYERS + 1)
        for step in range(STEPS + 1)
    ]
    similarity = pd.DataFrame(cells, columns=["seed", "solver", "layer", "step"])
    similarity["similarity"] = numbers.random(len(similarity))
    similarity["distance"] = numbers.random(len(similarity))
    matches = (
        similarity[similarity["step"] == 0]
        .drop(columns=["step"])
        .assign(
            best_step=lambda t: t["layer"] + 1.0,
            best_step_low=0.0,
            best_step_high=3.0,
            censored=False,
            nearest_step=np.nan,
            nearest_censored=True,
        )
    )
    for name, table in {"errors": errors, "similarity": similarity, "matches": matches}.items():
        table.sample(frac=1, random_state=1).to_parquet(tmp_path / f"{name}.parquet")
    return {name: tmp_path / f"{name}.parquet" for name in EXPLORER_TABLES}


def loaded(tables):
    script = run_script("a_run", tables)
    assert script.startswith('explorer.loaded("a_run", ')
    return json.loads(script.removeprefix('explorer.loaded("a_run", ').removesuffix(");\n"))


def test_every_number_stands_where_the_page_looks_for_it(tables):
    """Fails if layers, steps or context lengths are swapped or out of order: each cell is looked up."""
    data = loaded(tables)
    assert data["contexts"] == list(range(CONTEXT + 1))
    for row in pd.read_parquet(tables["similarity"]).itertuples():
        grid = data["seeds"][str(row.seed)]["curves"][row.solver]
        assert grid["similarity"][row.layer][row.step] == pytest.approx(row.similarity, rel=1e-3)
        assert grid["distance"][row.layer][row.step] == pytest.approx(row.distance, rel=1e-3)
    for row in pd.read_parquet(tables["errors"]).itertuples():
        found = data["methods"] if row.seed == -1 else data["seeds"][str(row.seed)]["errors"]
        assert found[row.method]["mse"][row.step][row.context_length] == row.mse


def test_nulls_are_left_out(tables):
    """Fails if a predictor that does not iterate passes for a solver on the page."""
    before = loaded(tables)
    for name, column in (("errors", "method"), ("similarity", "solver"), ("matches", "solver")):
        table = pd.read_parquet(tables[name])
        rows = table[table[column] == "richardson"].assign(**{column: "ridge_path"})
        pd.concat([rows, table]).to_parquet(tables[name])
    assert loaded(tables) == before
    assert {*before["methods"], *before["seeds"]["0"]["curves"]} == {*SOLVERS}


def test_what_is_undefined_is_null(tables):
    """Fails if NaN, which is no JSON, reaches the page, or a step that does not exist becomes a number."""
    data = loaded(tables)
    assert data["methods"]["richardson"]["excess_risk"][1] == [None] * (CONTEXT + 1)
    assert data["seeds"]["0"]["matches"]["chebyshev"]["nearest"] == [None] * (LAYERS + 1)
    assert data["seeds"]["0"]["matches"]["chebyshev"]["step"] == [1, 2, 3]


def test_every_coefficient_stands_where_the_page_looks_for_it(tables, tmp_path):
    """Fails if what is added and what it is added to are swapped, or layers, names or seeds are."""
    made = {
        "attribution": attribution("a_run", np.random.default_rng(1), [0, 1], LAYERS),
        "encompassing": encompassing("a_run", np.random.default_rng(2), [0, 1], LAYERS),
        "filters": filters("a_run", np.random.default_rng(3), [0, 1], LAYERS),
    }
    for name, table in made.items():
        table.sample(frac=1, random_state=1).to_parquet(tmp_path / f"{name}.parquet")
    assert loaded(tables)["identification"] is None
    data = loaded(tables | {name: tmp_path / f"{name}.parquet" for name in made})
    found = data["identification"]
    for row in made["encompassing"].query("layer > 0").itertuples():
        seed = "mean" if row.seed == -1 else str(row.seed)
        to, added = FAMILIES.index(row.family), FAMILIES.index(row.other)
        for end, value in (("value", row.coefficient), ("low", row.low), ("high", row.high)):
            at = found["coefficients"][seed][end][row.layer - 1][to][added]
            assert at == pytest.approx(value, rel=1e-3)
    for (seed, layer), rows in made["attribution"].groupby(["seed", "layer"]):
        assert found["named"][str(seed)][layer - 1] == rows["named"].iloc[0]
        assert set(found["survivors"][str(seed)][layer - 1]) == set(rows.loc[rows["survives"], "family"])
    for row in made["filters"].itertuples():
        at = data["filters"]["eigenvalues"].index(row.eigenvalue)
        of = data["filters"]["seeds"][str(row.seed)][row.method]
        assert of["high"][row.layer - 1][at] == pytest.approx(row.high, rel=1e-3)


def test_the_identified_runs_are_those_of_the_paper():
    """Fails if a run that the paper identifies has no coefficients on the page, or another one has."""
    experiment = load_experiment(ROOT / "config.yaml")
    shown = explorer_tables(experiment)
    assert {"spherical/encompassing", "clustered/attribution", "adamw/matches"} <= set(shown)
    assert not {"adamw/encompassing", "adamw/filters"} & set(shown)


def test_data_cannot_end_the_script():
    """Fails if a name with an end tag could leave the script that holds it."""
    assert "</" not in as_script({"run": "</script><b>"})
    assert json.loads(as_script({"run": "</script>"})) == {"run": "</script>"}
