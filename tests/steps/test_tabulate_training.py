"""The step tabulate_training: learning curves of all seeds, and what it refuses by name."""

import numpy as np
import pandas as pd
import pytest

from ickrr.__main__ import main
from ickrr.io.files import write_table

SEEDS = (0, 4)
COLUMNS = ["step", "loss", "excess_risk", "bayes_risk", "learning_rate", "diverged"]


@pytest.fixture
def trained(tmp_path):
    for seed in SEEDS:
        rows = [[0, np.nan, 1.0, 0.2, 0.0, False], [9, 0.3, 0.1, 0.2, 1e-3, seed == 4]]
        curve = pd.DataFrame(rows, columns=COLUMNS)
        write_table(tmp_path / f"seed{seed}" / "learning_curve.parquet", curve)
    return tmp_path


def tabulate(trained):
    curves = [str(trained / f"seed{seed}/learning_curve.parquet") for seed in SEEDS]
    words = ["--run", "tiny", "--seeds", *map(str, SEEDS), "--learning-curves", *curves]
    return main(["tabulate_training", *words, "--table", str(trained / "table.parquet")])


def test_curves_are_stacked_with_run_and_seed(trained):
    """Fails if a seed is dropped, or a divergence is lost on the way to the figure."""
    assert tabulate(trained) == 0
    curve = pd.read_parquet(trained / "table.parquet")
    assert list(curve.columns) == ["run", "seed", *COLUMNS]
    assert curve["seed"].tolist() == [0, 0, 4, 4]
    assert curve["diverged"].tolist() == [False, False, False, True]


def test_missing_curves_and_columns_are_named(trained, capsys):
    """Fails on a traceback instead of the file and the column."""
    path = trained / "seed4" / "learning_curve.parquet"
    write_table(path, pd.read_parquet(path).drop(columns="diverged"))
    assert tabulate(trained) == 1
    message = capsys.readouterr().err
    assert str(path) in message and "diverged" in message
    path.unlink()
    assert tabulate(trained) == 1
    assert str(path) in capsys.readouterr().err
