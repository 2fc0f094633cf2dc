import numpy as np
import pytest

from ickrr.report.curves import (
    Curve,
    cut_at,
    divergence_ceiling,
    error_curve,
    first_step_below,
    last_layer_mse,
)


def curve(*mse):
    values = np.array(mse, dtype=float)
    return Curve(np.arange(len(mse)), values, values, values)


def test_curve_is_the_mean_and_range_over_seeds(toy):
    """Fails if seeds are mixed up, or steps come out of order."""
    errors = toy.errors("a").sample(frac=1, random_state=0)
    found = error_curve(errors, "transformer", 12)
    rows = errors.query("method == 'transformer' and context_length == 12")
    np.testing.assert_array_equal(found.step, np.arange(9))
    for step in (0, 5, 8):
        at = rows[rows["step"] == step]["mse"]
        assert (found.mse[step], found.low[step], found.high[step]) == pytest.approx(
            (at.mean(), at.min(), at.max())
        )
    assert error_curve(errors, "transformer", 99) is None


def test_one_diverged_seed_makes_the_mean_diverge(toy):
    """Fails if the mean over seeds drops the NaN of one seed and looks healthy."""
    errors = toy.errors("a")
    gone = (errors["method"] == "transformer") & (errors["seed"] == 1) & (errors["step"] == 4)
    errors.loc[gone, "mse"] = np.nan
    assert np.isnan(error_curve(errors, "transformer", 12).mse[4])


def test_cut_at_nan_and_ceiling():
    """Fails if a curve is drawn past the point where it left the axis, or cut without reason."""
    assert cut_at(curve(1, 2, 3), 3.0) is None
    assert cut_at(curve(1, 2, 3.1, 1), 3.0) == 2
    assert cut_at(curve(1, np.nan, 1), 3.0) == 1
    assert cut_at(curve(1, np.inf), 3.0) == 1


def test_ceiling_and_last_layer(toy):
    """Fails if the ceiling is not three times the zero predictor, or another layer is called the last."""
    errors = toy.errors("a")
    zero = errors.query("method == 'richardson' and step == 0")["mse"].max()
    assert divergence_ceiling(errors) == pytest.approx(3 * zero)
    rows = errors.query("method == 'transformer' and step == 8 and context_length == 20")
    assert last_layer_mse(errors) == pytest.approx(rows["mse"].mean())


def test_first_step_below():
    """Fails if a later step, or one past a NaN, is taken for the first."""
    assert first_step_below(curve(3, 2, 1, 0.5), 1.0) == 2
    assert first_step_below(curve(3, 2), 1.0) is None
    assert first_step_below(curve(np.nan, 0.5), 1.0) == 1
