"""Ratios of errors against loops over resampled prompts."""

import numpy as np
import pytest

from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.effective_ridge import RidgePath
from ickrr.comparison.noise import NoisyPrompts, ratio_table

PROMPTS, N, DRAWS = 30, 3, 50
COLUMNS = [
    *("run", "seed", "factor", "noise_std", "context_length", "method"),
    *("mse", "mse_label", "ratio", "ratio_low", "ratio_high", "ratio_label"),
    *("ridge", "ridge_low", "ridge_high"),
]


@pytest.fixture
def prompts():
    f, y, bayes, oracle = np.random.default_rng(0).normal(size=(4, PROMPTS, N + 1))
    regressions = np.random.default_rng(2).normal(size=(5, PROMPTS, N + 1))
    path = RidgePath(np.geomspace(0.1, 10, 5), regressions)
    return NoisyPrompts(10.0, 3.0, np.zeros((PROMPTS, N + 1, 2)), f, y, bayes, oracle, path)


@pytest.fixture
def weights():
    return resample_weights(PROMPTS, DRAWS, 0)


def test_errors_and_ratios_by_hand(prompts, weights):
    """Fails if f and y are swapped, or numerator and denominator are not resampled together."""
    predictions = np.random.default_rng(1).normal(size=(PROMPTS, N + 1))
    table = ratio_table("run", 2, "transformer", predictions, prompts, weights, 0.9)
    assert list(table.columns) == COLUMNS
    first = table.iloc[0]
    assert first[COLUMNS[:6]].tolist() == ["run", 2, 10.0, 3.0, 0, "transformer"]
    for n, row in table.iterrows():
        mine, best = ((p[:, n] - prompts.f[:, n]) ** 2 for p in (predictions, prompts.bayes))
        assert row["mse"] == pytest.approx(mine.mean())
        assert row["ratio"] == pytest.approx(mine.mean() / best.mean())
        draws = [np.sum(w * mine) / np.sum(w * best) for w in weights[1:]]
        ends = tuple(np.quantile(draws, [0.05, 0.95]))
        assert (row["ratio_low"], row["ratio_high"]) == pytest.approx(ends)
        labels = [np.mean((p[:, n] - prompts.y[:, n]) ** 2) for p in (predictions, prompts.bayes)]
        assert row["mse_label"] == pytest.approx(labels[0])
        assert row["ratio_label"] == pytest.approx(labels[0] / labels[1])


def test_the_best_predictor_has_ratio_one(prompts, weights):
    """Fails if the ratio is not paired: then resampling would spread it."""
    table = ratio_table("run", -1, "bayes", prompts.bayes, prompts, weights, 0.9)
    assert (table[["ratio", "ratio_low", "ratio_high", "ratio_label"]] == 1).all(axis=None)


def test_a_diverged_prediction_has_no_error(prompts, weights):
    """Fails if a prediction that is not finite is left out of the mean, or infects other lengths."""
    predictions = prompts.bayes.copy()
    predictions[4, 1] = np.inf
    table = ratio_table("run", 0, "transformer", predictions, prompts, weights, 0.9)
    assert table.loc[1, COLUMNS[6:]].isna().all()
    assert table.drop(index=1)[COLUMNS[6:]].notna().all(axis=None)
