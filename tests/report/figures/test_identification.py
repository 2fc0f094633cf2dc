"""The figure of the identification, against the tables that it draws."""

import numpy as np
import pandas as pd
import pytest
from identification_tables import attribution, encompassing

from ickrr.report.figures.identification import (
    LIMITS,
    LOOKS,
    PAIRS,
    SHOWN,
    UNNAMED,
    describe_identification,
    identification_figure,
)
from ickrr.report.style import lightness

RUNS = ["a", "b"]


@pytest.fixture(scope="module")
def tables():
    generator = np.random.default_rng(0)
    return (
        pd.concat([attribution(run, generator, seeds=[3, 4, 5]) for run in RUNS]),
        pd.concat([encompassing(run, generator, seeds=[3, 4, 5]) for run in RUNS]),
    )


@pytest.fixture(scope="module")
def figure(tables):
    return identification_figure(*tables, RUNS, 0.3, "smoke")


def test_distances_are_means_over_seeds(tables, figure):
    """Fails if a family, a layer or a run is drawn with another's distances."""
    means = tables[0].groupby(["run", "family", "layer"])["distance"].mean()
    for run, axes in zip(RUNS, figure.axes, strict=False):
        for family, line in zip(SHOWN, axes.lines, strict=True):
            np.testing.assert_allclose(line.get_ydata(), means[run, family])


def test_coefficients_are_those_of_the_pairs(tables, figure):
    """Fails if a pair is turned round, a single seed is drawn, or the mean over layers stands among them."""
    means = tables[1][(tables[1]["seed"] == -1) & (tables[1]["layer"] > 0)]
    for run, axes in zip(RUNS, figure.axes[2:], strict=False):
        points = [line for line in axes.lines if len(line.get_xdata()) > 2]
        for (family, other), line in zip(PAIRS, points, strict=True):
            rows = means[(means["run"] == run) & (means["family"] == family) & (means["other"] == other)]
            np.testing.assert_allclose(line.get_ydata(), np.clip(rows["coefficient"], *LIMITS))


def test_every_layer_of_every_seed_has_its_name(tables, figure):
    """Fails if a verdict is missing, stands at another layer or seed, or has another name's colour."""
    for run, axes in zip(RUNS, figure.axes[4:], strict=True):
        found = {
            tuple(np.asarray(mark.get_offsets())[0].astype(int)): mark.get_gid() for mark in axes.collections
        }
        rows = tables[0][tables[0]["run"] == run].drop_duplicates(["seed", "layer"])
        expected = {(row["layer"], row["seed"] - 3): row["named"] for _, row in rows.iterrows()}
        assert found == expected


def test_a_run_that_is_not_there_is_named(tables):
    """Fails if an absent run leaves an empty column."""
    with pytest.raises(ValueError, match="attribution has no rows of run 'c'"):
        identification_figure(*tables, ["c"], 0.3, "smoke")


def test_names_stay_apart_in_grey():
    """Fails if two families that are drawn as lines share a marker, or "none" and "undecided" look alike."""
    assert len({LOOKS[family].marker for family in SHOWN}) == len(SHOWN)
    greys = [lightness(UNNAMED["none"]), lightness("white")]
    assert abs(greys[0] - greys[1]) > 15


def test_the_description_counts_layers_that_count(tables):
    """Fails if the first layers or the own readout are counted."""
    assert describe_identification(tables[0], "a").startswith("Run `a`: of 9 layers that count: ")
