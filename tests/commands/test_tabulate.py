"""The verb tabulate: seeds side by side, shared rows once, and what it refuses by name."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file

from ickrr.__main__ import main
from ickrr.analysis.draws import TREND, Draws, save_draws
from ickrr.config.analysis import SolverSettings, StatisticsSettings
from ickrr.files import write_json, write_table

SEEDS = (0, 4)
SOLVERS = ["richardson", "newton_schulz", "chebyshev"]
DRAWS, LAYERS = 30, 2


def seed_tables(seed):
    errors = pd.DataFrame(
        {
            "run": "tiny",
            "seed": [seed, seed, -1],
            "method": ["transformer", "transformer_output", "richardson"],
            "step": [0, 1, 0],
            "mse": [seed + 0.5, seed + 0.25, np.nan],
        }
    )
    similarity = pd.DataFrame({"run": "tiny", "seed": seed, "layer": [0, 1], "similarity": [0.1, 0.2 + seed]})
    matches = pd.DataFrame({"run": "tiny", "seed": seed, "layer": [0, 1], "best_step": [0.0, 3.0 + seed]})
    return {"errors": errors, "similarity": similarity, "matches": matches}


def seed_draws(seed, draws=DRAWS):
    """Richardson's similarity is above Newton's by about .1 in layer 1 and equal on average in layer 2."""
    generator = np.random.default_rng(seed)
    shape = (len(SOLVERS), 1 + draws)
    values = {name: generator.normal(size=shape) for name in TREND}
    values |= {
        name: 0.5 + 0.01 * generator.normal(size=(*shape, LAYERS)) for name in ("similarity", "distance")
    }
    values["similarity"][0, :, 0] += 0.1
    return Draws(floor=0.4 + 0.01 * generator.normal(size=(1 + draws, LAYERS)), **values)


def write_draws(comparisons, owner, draws, **changed):
    """Write a seed's draws, with metadata changed at will."""
    record = {"path": comparisons / f"seed{owner}" / "draws.safetensors", "draws": draws}
    record |= {"solvers": SOLVERS, "run": "tiny", "seed": owner}
    save_draws(**(record | changed))
    return record["path"]


@pytest.fixture
def options(tmp_path):
    comparisons = tmp_path / "comparisons"
    for seed in SEEDS:
        for name, table in seed_tables(seed).items():
            write_table(comparisons / f"seed{seed}" / f"{name}.parquet", table)
        write_draws(comparisons, seed, seed_draws(seed))
    solvers = tmp_path / "solvers.json"
    settings = SolverSettings(headline=SOLVERS[:2], others=SOLVERS[2:])
    write_json(solvers, settings.model_dump(mode="json"))
    statistics = tmp_path / "statistics.json"
    write_json(statistics, StatisticsSettings(confidence=0.9, bootstrap_draws=DRAWS).model_dump(mode="json"))
    return {
        "comparisons": comparisons,
        "solvers": solvers,
        "statistics": statistics,
        "output-directory": tmp_path / "tables",
    }


def tabulate(options, seeds=SEEDS):
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return main(["tabulate", "--run", "tiny", "--seeds", *map(str, seeds), *words])


def read(options, name):
    return pd.read_parquet(options["output-directory"] / f"{name}.parquet")


def test_seeds_are_stacked_and_shared_rows_kept_once(options):
    """Fails if a seed is dropped, or the solvers' rows are repeated for every seed (or lost)."""
    assert tabulate(options) == 0
    errors = read(options, "errors")
    assert sorted(errors["seed"]) == [-1, 0, 0, 4, 4]
    assert errors.loc[errors["seed"] == 4, "mse"].tolist() == [4.5, 4.25]
    assert read(options, "similarity")["similarity"].tolist() == [0.1, 0.2, 0.1, 4.2]
    assert read(options, "matches")["best_step"].tolist() == [0, 3, 0, 7]


def test_alignment_is_the_mean_over_seeds(options):
    """Fails if the interval is not that of the mean of paired draws, at the settings' confidence."""
    assert tabulate(options) == 0
    row = read(options, "alignment").query("solver == 'newton_schulz' and statistic == 'slope'").iloc[0]
    draws = np.stack([seed_draws(seed).slope[1] for seed in SEEDS])
    assert row["value"] == pytest.approx(draws[:, 0].mean())
    low, high = np.quantile(draws[:, 1:].mean(axis=0), [0.05, 0.95])
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert row["seed_sd"] == pytest.approx(abs(draws[0, 0] - draws[1, 0]) / np.sqrt(2))
    assert (row["run"], row["seeds"]) == ("tiny", 2)


def test_pairs_and_shares_are_those_of_the_headline(options):
    """Fails if a headline solver is mistaken for another, or others enter the comparison."""
    assert tabulate(options) == 0
    pairs = read(options, "pairs").set_index(["statistic", "layer", "first", "second"]).sort_index()
    assert set(pairs.index.get_level_values("first")) == set(SOLVERS[:2])
    assert set(pairs.index.get_level_values("second")) == {*SOLVERS[:2], "floor"}
    row = pairs.loc[("similarity", 1, "richardson", "newton_schulz")]
    draws = [seed_draws(seed).similarity for seed in SEEDS]
    assert row["difference"] == pytest.approx(np.mean([d[0, 0, 0] - d[1, 0, 0] for d in draws]))
    assert 0.05 < row["low"] < row["high"] < 0.15
    assert row["draws_defined"] == DRAWS
    shares = read(options, "shares").set_index(["solver", "statistic"])
    assert list(shares.index.unique("solver")) == SOLVERS[:2]
    assert shares.loc[("richardson", "similarity"), ["layers", "best", "share"]].tolist() == [2, 1, 0.5]
    assert shares.loc[("newton_schulz", "similarity"), "best"] == 0


def test_one_seed_is_enough(options):
    """Fails if a run with one seed (an ablation) cannot be tabulated, or gets a spread."""
    assert tabulate(options, [4]) == 0
    alignment = read(options, "alignment")
    assert alignment["seed_sd"].isna().all() and (alignment["seeds"] == 1).all()
    assert set(read(options, "errors")["seed"]) == {-1, 4}


def test_solver_rows_that_differ_between_seeds_are_refused(options, capsys):
    """Fails if one seed was compared with other trajectories and nobody notices."""
    path = options["comparisons"] / "seed4" / "errors.parquet"
    table = seed_tables(4)["errors"]
    table.loc[2, "mse"] = 1.0
    write_table(path, table)
    assert tabulate(options) == 1
    message = capsys.readouterr().err
    assert str(path) in message and "not those of seed 0" in message


def test_draws_that_cannot_be_paired_are_refused(options, capsys):
    """Fails if seeds with different resamples, solvers or runs are averaged draw by draw."""
    path = write_draws(options["comparisons"], 4, seed_draws(4, draws=20))
    assert tabulate(options) == 1
    message = capsys.readouterr().err
    assert str(path) in message and "shape (3, 21, 2), wanted (3, 31, 2)" in message
    for key, value in (("solvers", SOLVERS[::-1]), ("run", "other"), ("seed", 5)):
        write_draws(options["comparisons"], 4, seed_draws(4), **{key: value})
        assert tabulate(options) == 1
        assert f"'metadata.{key}' is {value!r}" in capsys.readouterr().err
    assert not options["output-directory"].exists()


def test_missing_files_and_arrays_are_named(options, capsys):
    """Fails on a traceback instead of the file and the array."""
    draws = seed_draws(4)
    path = write_draws(options["comparisons"], 4, draws)
    save_file({"similarity": draws.similarity}, path, {"ickrr": json.dumps({"solvers": SOLVERS})})
    assert tabulate(options) == 1
    assert str(path) in capsys.readouterr().err
    path.unlink()
    assert tabulate(options) == 1
    assert str(path) in capsys.readouterr().err
