"""The table of errors against sums written out, and the identities between its columns."""

import numpy as np
import pytest

from ickrr.comparison.errors import Truth, error_table
from ickrr.row_keys import NO_SEED


@pytest.fixture
def truth():
    generator = np.random.default_rng(0)
    return Truth(*(generator.normal(size=(9, 4)) for _ in range(3)))


def test_rows_equal_sums_written_out(truth):
    """Fails if an error is taken from the wrong truth or context length, or steps are misnumbered."""
    predictions = np.random.default_rng(1).normal(size=(3, 9, 4))
    table = error_table("run", 2, "transformer", predictions, truth, first_step=5)
    assert len(table) == 12
    assert set(table["run"]) == {"run"} and set(table["seed"]) == {2}
    for row in table.itertuples():
        p = predictions[row.step - 5, :, row.context_length]
        column = {name: getattr(truth, name)[:, row.context_length] for name in ("y", "f", "posterior_mean")}
        squared = [(p[b] - column["f"][b]) ** 2 for b in range(9)]
        assert row.mse == pytest.approx(sum(squared) / 9)
        variance = sum((value - row.mse) ** 2 for value in squared) / 8
        assert row.mse_se == pytest.approx((variance / 9) ** 0.5)
        assert row.mse_label == pytest.approx(sum((p[b] - column["y"][b]) ** 2 for b in range(9)) / 9)
        assert row.excess_risk == pytest.approx(
            sum((p[b] - column["posterior_mean"][b]) ** 2 for b in range(9)) / 9
        )


def test_a_diverged_mean_is_nan_and_only_that(truth):
    """Fails if an overflow is reported as infinite, or if one context length spoils another."""
    predictions = np.zeros((2, 9, 4))
    predictions[1, 3, 2] = 1e200  # finite, but its square is not
    predictions[1, 4, 1] = np.nan
    table = error_table("run", NO_SEED, "richardson", predictions, truth)
    bad = (table["step"] == 1) & table["context_length"].isin([1, 2])
    columns = ["mse", "mse_se", "mse_label", "excess_risk"]
    assert table.loc[bad, columns].isna().all(axis=None)
    assert np.isfinite(table.loc[~bad, columns]).all(axis=None)
