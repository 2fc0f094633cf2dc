"""The steps of the built conjugate gradients and of the projections, by their files."""

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from ickrr.__main__ import main
from ickrr.config.conjugate_gradient import ConjugateGradientSettings, FamilySettings, WidthSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.constructions.conjugate.feature_prompts import draw
from ickrr.io.files import write_json
from ickrr.report.load import COLUMNS
from ickrr.steps.run_conjugate_gradient import solve

SMALL = ConjugateGradientSettings(
    dimension=5,
    context_length=8,
    queries=2,
    prompts=3,
    steps=12,
    solver_steps=60,
    relu_units=[64, 1024],
)
NARROW = WidthSettings(
    dimension=12,
    context_length=10,
    queries=4,
    seeds=5,
    ranks=[1, 4, 12],
    stack_ranks=[2],
    stack_seeds=2,
    stack_steps=20,
)


def run(tmp_path, step, settings, *options):
    write_json(tmp_path / "settings.json", settings.model_dump(mode="json"))
    files = ["--curves", str(tmp_path / "curves.parquet"), "--summary", str(tmp_path / "summary.parquet")]
    assert main([step, "--settings", str(tmp_path / "settings.json"), *files, *options]) == 0
    return pd.read_parquet(tmp_path / "curves.parquet"), pd.read_parquet(tmp_path / "summary.parquet")


@pytest.fixture(scope="module")
def conjugate(tmp_path_factory):
    return run(tmp_path_factory.mktemp("cg"), "run_conjugate_gradient", SMALL)


def value(summary, quantity, subject, setting):
    rows = summary.query("quantity == @quantity and subject == @subject and setting == @setting")
    assert len(rows) == 1, (quantity, subject, setting)
    return rows[["value", "low", "high"]].to_numpy()[0]


def test_conjugate_gradient_tables(conjugate):
    """Fails if a row that the ledger reads is missing or doubled, or the stack is not the solver."""
    curves, summary = conjugate
    assert tuple(curves) == COLUMNS["metarep/cg_curves"] and tuple(summary) == COLUMNS["metarep/cg"]
    assert not summary.duplicated(["quantity", "subject", "setting"]).any()
    for subject in ("cg", "pcg"):
        assert value(summary, "step_error", subject, "well")[0] < 1e-10
        assert value(summary, "local_error", subject, "ill")[0] < 1e-7
        assert value(summary, "drift", subject, "well")[0] < 1e-9
    for subject in ("cg", "pcg", "richardson", "preconditioned_richardson"):
        for family in ("well", "ill"):
            middle, low, high = value(summary, "steps", subject, family)
            assert 1 <= low <= middle <= high <= 60
    assert value(summary, "blocks_per_step", "cg", "")[0] == 5
    assert 0.5 - 1e-9 <= value(summary, "rate_share", "cg", "well")[0] <= 1
    assert value(summary, "relu_error", "relu", "1024")[0] < value(summary, "relu_error", "relu", "64")[0]
    assert value(summary, "steps_capped", "richardson", "ill")[0] == 1


def test_curves_have_every_layer_and_step(conjugate):
    """Fails if a layer or a step is missing, or the stack's last layer of a step is not at that position."""
    curves, _ = conjugate
    stack = curves.query("family == 'well' and measure == 'prediction' and method == 'built_cg'")
    assert stack["layer"].tolist() == list(range(1 + 5 * 12 + 1))
    solver = curves.query("family == 'well' and method == 'conjugate_gradient'").set_index("position")
    assert solver.index.tolist() == list(range(13))
    ends = stack[(stack["position"] % 1 == 0) & (stack["layer"] > 0)].set_index("position")
    for step in range(5):
        assert ends.loc[step, "value"] == pytest.approx(solver.loc[step, "value"], rel=1e-5)
    assert sorted(curves.query("method == 'relu'")["units"].unique()) == [64, 1024]


def test_conjugate_gradient_is_reproducible(conjugate, tmp_path):
    """Fails if two runs differ in a byte of their tables."""
    curves, summary = run(tmp_path, "run_conjugate_gradient", SMALL)
    pd.testing.assert_frame_equal(curves, conjugate[0])
    pd.testing.assert_frame_equal(summary, conjugate[1])


def test_solver_predictions_are_of_each_query():
    """Fails if queries or prompts are mixed: the last iterate is ridge regression by NumPy."""
    prompts = draw((2, 6, 3, 4), 0.0, 1.0, 1.0, torch.Generator().manual_seed(0), nonnegative=True)
    found = solve(prompts, "conjugate_gradient", 12)[-1].numpy()
    for index in range(2):
        x, y, queries = (part[index].numpy() for part in (prompts.x, prompts.y, prompts.queries))
        np.testing.assert_allclose(found[index], queries @ x.T @ np.linalg.solve(x @ x.T + np.eye(6), y))


def test_width_tables(tmp_path):
    """Fails if a row that the ledger reads is missing, or means and intervals are not those of the seeds."""
    write_json(tmp_path / "statistics.json", StatisticsSettings(bootstrap_draws=50).model_dump(mode="json"))
    options = ["--statistics", str(tmp_path / "statistics.json")]
    curves, summary = run(tmp_path, "measure_width", NARROW, *options)
    assert tuple(curves) == COLUMNS["metarep/width_curves"] and tuple(summary) == COLUMNS["metarep/width"]
    marked = curves[curves["multiple"].notna()]
    for ridge in NARROW.ridges:
        at_ridge = marked[marked["ridge"] == ridge]
        for kind in ("gaussian", "eigenspace"):
            errors = {}
            for multiple in NARROW.multiples:
                rows = at_ridge[(at_ridge["projection"] == kind) & (at_ridge["multiple"] == multiple)]
                assert len(rows) == NARROW.seeds
                errors[multiple] = rows["error"].mean()
                middle, low, high = value(summary, "error", kind, f"{ridge:g}@{multiple:g}")
                assert low <= middle <= high and middle == pytest.approx(errors[multiple])
            fall = value(summary, "fall", kind, f"{ridge:g}")[0]
            assert fall == pytest.approx(errors[2.0] / errors[0.5])
        dimension = at_ridge.groupby("seed")["effective_dimension"].first().mean()
        assert value(summary, "effective_dimension", "kernel", f"{ridge:g}")[0] == pytest.approx(dimension)
    assert value(summary, "stack_gap", "gaussian", "2")[0] < 1e-9


@pytest.mark.parametrize(
    ("settings", "changes", "message"),
    [
        (ConjugateGradientSettings, {"families": {"well": FamilySettings()}}, "both ill and well are needed"),
        (ConjugateGradientSettings, {"relu_units": [7]}, "multiple of 2"),
        (WidthSettings, {"dimension": 8}, "allowed: up to it"),
        (WidthSettings, {"stack_seeds": 99}, "allowed: up to seeds = 32"),
        (WidthSettings, {"multiples": [0.5, 2.0]}, "lacks \\[1.0\\]"),
    ],
)
def test_settings_that_cannot_be_measured(settings, changes, message):
    """Fails if a configuration without one side of a comparison is accepted."""
    with pytest.raises(ValidationError, match=message):
        settings(**changes)
