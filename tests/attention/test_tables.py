"""Tables of attention operators: means, ratios and verdicts, against plain loops over invented arrays."""

import math

import numpy as np
import pandas as pd
import pytest

from ickrr.attention.tables import LOUD, QUIET, Measured, detail_table, dial_rows, summary_rows
from ickrr.comparison.resamples import Resamples

K, B, LAYERS, HEADS = 2, 40, 2, 3
LEVELS = [("in_distribution", 0.0), ("noise", 4.0), ("radius", 2.0), ("radius", 3.0)]
DIALS = {"noise": [1.0, 4.0], "radius": [1.0, 2.0, 3.0]}
TARGETS = ("gaussian", "representation")
CONTROLS = ("shuffled", "random", "flat", "shuffled_refitted", "random_refitted")


@pytest.fixture(scope="module")
def measured():
    generator = np.random.default_rng(0)
    distances = generator.uniform(0.2, 0.3, size=(K, len(LEVELS), 2, 2, LAYERS, HEADS, B))
    predictions = generator.normal(size=(K, len(LEVELS), 4, B))
    predictions[:, :, 1] = predictions[:1, :, 1]  # the data's own regression does not depend on the seed
    for level, factor in enumerate((0.05, 0.5, 0.1, 0.5)):
        predictions[:, level, 0] = predictions[:, level, 1] + factor * predictions[:, level, 0]
    distances[:, 1] *= 3  # the attention shows the noise, and not the radius
    return Measured(
        run="toy",
        seeds=[0, 7],
        levels=LEVELS,
        targets=TARGETS,
        rows=("x", "y"),
        controls=CONTROLS,
        methods=("model", "data", *TARGETS),
        distances=distances,
        control_distances=generator.uniform(0.4, 0.5, size=(K, 5, 2, 2, LAYERS, HEADS, B)),
        left=generator.uniform(0.2, 0.3, size=(K, len(LEVELS), 2, B)) * np.array([1, 3, 1, 1])[:, None, None],
        bandwidths=generator.uniform(size=(K, 2, 2, LAYERS, HEADS)),
        best=np.array([[[0, 1, 2], [1, 0, 1]], [[1, 1, 0], [0, 0, 0]]]),
        predictions=predictions,
    )


@pytest.fixture(scope="module")
def resamples():
    return Resamples(B, K, 100, 0, 0.9)


@pytest.fixture(scope="module")
def summary(measured, resamples):
    table = pd.DataFrame(summary_rows(measured, resamples, DIALS))
    assert list(table.columns) == ["quantity", "subject", "setting", "value", "low", "high"]
    assert set(table["subject"]) == {"toy"}
    assert not table.duplicated(["quantity", "setting"]).any()
    return table.set_index(["quantity", "setting"])


def test_distances_are_means_over_heads_and_of_the_best_head(summary, measured):
    """Fails if another head, level or kernel is averaged, or a seed has the other's best head."""
    for index, target in enumerate(TARGETS):
        for level, setting in enumerate(("in_distribution", "noise=4", "radius=2", "radius=3")):
            mean = measured.distances[:, level, index].mean()
            assert summary.loc[(f"{target}_distance", setting), "value"] == pytest.approx(mean)
            best = [measured.distances[(k, level, index, *measured.best[k, index])].mean() for k in range(K)]
            assert summary.loc[(f"{target}_best", setting), "value"] == pytest.approx(np.mean(best))


def test_gaps_are_controls_minus_trained(summary, measured):
    """Fails if the sign is turned, or a control is taken for another."""
    names = ["shuffled", "random", "flat", "shuffled", "random"]
    for index, target in enumerate(TARGETS):
        for position, control in enumerate(names):
            setting = f"{target}_refitted" if position > 2 else target
            gap = (
                measured.control_distances[:, position, index].mean() - measured.distances[:, 0, index].mean()
            )
            row = summary.loc[(f"{control}_gap", setting)]
            assert row["value"] == pytest.approx(gap)
            assert 0 < row["low"] < row["value"] < row["high"]


def test_growth_and_degradation_are_ratios_to_the_first_level(summary, measured):
    """Fails if a ratio is taken at another level, or of another quantity."""
    model, data = measured.predictions[:, :, 0], measured.predictions[:, :, 1]

    def error(level):
        return np.mean(
            [
                np.mean((model[k, level] - data[k, level]) ** 2) / np.mean(data[k, level] ** 2)
                for k in range(K)
            ]
        )

    def left(level):
        return np.mean(measured.left[:, level, 1])

    for dial, last in (("noise", 1), ("radius", 3)):
        assert summary.loc[("error_growth", dial), "value"] == pytest.approx(error(last) / error(0))
        assert summary.loc[("degradation", dial), "value"] == pytest.approx(left(last) / left(0))
        moved = np.mean((model[:, last] - data[:, last]) ** 2) / np.mean((model[:, 0] - data[:, 0]) ** 2)
        assert summary.loc[("deviation_growth", dial), "value"] == pytest.approx(moved)
    both = math.sqrt(left(1) * left(3)) / left(0)  # the geometric mean of the dials' last levels
    assert summary.loc[("degradation", "all"), "value"] == pytest.approx(both)
    under = measured.predictions[:, 0, 3]
    gaps = [np.sqrt(np.mean((under[k] - model[k, 0]) ** 2) / np.mean(model[k, 0] ** 2)) for k in range(K)]
    assert summary.loc[("krr_gap", "representation"), "value"] == pytest.approx(np.mean(gaps))


def test_silent_needs_a_loud_error_and_quiet_attention(summary):
    """Fails if the verdict ignores an interval, or one of its two halves."""
    for dial, verdict in (("noise", 0.0), ("radius", 1.0)):
        growths = [summary.loc[(f"{name}_growth", dial), "low"] for name in ("error", "deviation")]
        loud = min(growths) > LOUD
        quiet = summary.loc[("degradation", dial), "high"] < QUIET
        assert loud
        assert float(loud and quiet) == verdict
        assert (summary.loc[("silent", dial), ["value", "low", "high"]] == verdict).all()


def test_every_dial_starts_in_distribution(measured, resamples, summary):
    """Fails if the curves of the figure are not the numbers of the summary."""
    table = pd.DataFrame(dial_rows(measured, resamples, DIALS))
    for dial, levels in DIALS.items():
        curve = table[(table["dial"] == dial) & (table["quantity"] == "representation_best")]
        assert curve["level"].tolist() == levels
        settings = ["in_distribution", *(f"{dial}={level:g}" for level in levels[1:])]
        expected = [summary.loc[("representation_best", setting), "value"] for setting in settings]
        np.testing.assert_allclose(curve["value"], expected)
    assert (table["seeds"] == K).all()


def test_detail_names_every_head(measured):
    """Fails if an axis of the arrays is read as another."""
    table = detail_table(measured)
    heads = 2 * 2 * LAYERS * HEADS
    assert len(table) == K * heads * (len(LEVELS) + len(CONTROLS))
    keys = ["seed", "dial", "level", "layer", "head", "rows", "target", "control"]
    assert not table.duplicated(keys).any()
    row = table.set_index(keys).sort_index()
    found = row.loc[(7, "radius", 3.0, 2, 1, "y", "gaussian", "trained")]
    assert found["distance"] == pytest.approx(measured.distances[1, 3, 0, 1, 1, 1].mean())
    found = row.loc[(0, "in_distribution", 0.0, 1, 2, "x", "representation", "flat")]
    assert found["distance"] == pytest.approx(measured.control_distances[0, 2, 1, 0, 0, 2].mean())
    assert found["bandwidth"] == measured.bandwidths[0, 1, 0, 0, 2]
    best = table[(table["control"] == "trained") & table["best"] & (table["dial"] == "in_distribution")]
    assert len(best) == 2 * K
    assert row.loc[(0, "in_distribution", 0.0, 2, 2, "x", "gaussian", "trained")]["best"]


def test_seeds_widen_an_interval(measured):
    """Fails if the interval is over prompts alone."""
    far = Measured(
        **{**vars(measured), "distances": measured.distances * np.array([1, 3]).reshape(K, *[1] * 6)}
    )
    both = Resamples(B, K, 200, 0, 0.9)
    rows = pd.DataFrame(summary_rows(far, both, DIALS)).set_index(["quantity", "setting"])
    row = rows.loc[("gaussian_distance", "in_distribution")]
    assert row["low"] < 0.3 and row["high"] > 0.7


def test_an_error_that_is_large_only_beside_a_small_reference_is_not_silent(measured, resamples):
    """Fails if the relative error alone decides: there the reference shrinks and the deviation stays."""
    predictions = measured.predictions.copy()
    predictions[:, 3] = predictions[:, 0]
    predictions[:, 3, :2] -= 0.95 * predictions[:, 0, 1:2]  # model and reference, by the same amount
    small = Measured(**{**vars(measured), "predictions": predictions})
    rows = pd.DataFrame(summary_rows(small, resamples, DIALS)).set_index(["quantity", "setting"])
    assert rows.loc[("error_growth", "radius"), "low"] > LOUD
    assert rows.loc[("silent", "radius"), "value"] == 0
