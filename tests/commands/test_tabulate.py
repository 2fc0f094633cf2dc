"""The verb tabulate: seeds side by side, shared rows once, and what it refuses by name."""

import numpy as np
import pandas as pd
import pytest

from ickrr.__main__ import main
from ickrr.config.analysis import StatisticsSettings
from ickrr.files import write_json, write_table

SEEDS = (0, 4)


def seed_tables(seed):
    generator = np.random.default_rng(seed)
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
    draws = pd.DataFrame(
        {
            "solver": "richardson",
            "draw": np.arange(-1, 30),
            "statistic": "slope",
            "value": generator.normal(size=31),
        }
    )
    return {"errors": errors, "similarity": similarity, "matches": matches, "draws": draws}


@pytest.fixture
def options(tmp_path):
    comparisons = tmp_path / "comparisons"
    for seed in SEEDS:
        for name, table in seed_tables(seed).items():
            write_table(comparisons / f"seed{seed}" / f"{name}.parquet", table)
    statistics = tmp_path / "statistics.json"
    write_json(statistics, StatisticsSettings(confidence=0.9).model_dump(mode="json"))
    return {"comparisons": comparisons, "statistics": statistics, "output-directory": tmp_path / "tables"}


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
    (row,) = read(options, "alignment").to_dict("records")
    draws = np.stack([seed_tables(seed)["draws"]["value"] for seed in SEEDS])
    assert row["value"] == pytest.approx(draws[:, 0].mean())
    low, high = np.quantile(draws[:, 1:].mean(axis=0), [0.05, 0.95])
    assert (row["low"], row["high"]) == (pytest.approx(low), pytest.approx(high))
    assert row["seed_sd"] == pytest.approx(abs(draws[0, 0] - draws[1, 0]) / np.sqrt(2))
    assert (row["run"], row["solver"], row["statistic"], row["seeds"]) == ("tiny", "richardson", "slope", 2)


def test_one_seed_is_enough(options):
    """Fails if a run with one seed (an ablation) cannot be tabulated, or gets a spread."""
    assert tabulate(options, [4]) == 0
    (row,) = read(options, "alignment").to_dict("records")
    assert np.isnan(row["seed_sd"]) and row["seeds"] == 1
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
    """Fails if seeds with different resamples are averaged draw by draw."""
    path = options["comparisons"] / "seed4" / "draws.parquet"
    write_table(path, seed_tables(4)["draws"].iloc[:-1])
    assert tabulate(options) == 1
    assert str(path) in capsys.readouterr().err


def test_missing_tables_and_columns_are_named(options, capsys):
    """Fails on a traceback instead of the file and the column."""
    path = options["comparisons"] / "seed4" / "draws.parquet"
    write_table(path, pd.read_parquet(path).drop(columns="statistic"))
    assert tabulate(options) == 1
    message = capsys.readouterr().err
    assert str(path) in message and "statistic" in message
    path.unlink()
    assert tabulate(options) == 1
    assert str(path) in capsys.readouterr().err
