import numpy as np
import pandas as pd
import pytest
from pictures import picture

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.report.figures.ablations import ablations_figure, describe_ablations
from ickrr.report.panels.final_risk import final_risk

MAIN = HEADLINE[0]
RUNS = ["a", "b"]


@pytest.fixture(scope="module")
def matches(toy):
    table = toy.matches(pd.concat([toy.similarity(run, layers=4) for run in RUNS]))
    table.loc[table["run"] == "b", "floor"] = 0.8
    return table


@pytest.fixture(scope="module")
def curves(toy):
    return pd.concat([toy.learning_curve("a"), toy.learning_curve("b", diverging=(1,))])


@pytest.fixture(scope="module")
def figure(matches, curves, toy):
    return ablations_figure(matches, curves, RUNS, HEADLINE, MAIN, toy.nulls, "smoke")


def test_a_diverged_seed_is_a_cross_and_its_run_has_no_mean(figure, curves):
    """Fails if a diverged seed is drawn like the others, or left out of a mean that then looks better."""
    axes = figure.axes[-1]
    crosses = [line for line in axes.lines if line.get_gid() == "diverged"]
    assert len(crosses) == 1
    rows = curves[(curves["run"] == "b") & (curves["seed"] == 1)]
    assert crosses[0].get_ydata()[0] == rows["excess_risk"].dropna().iloc[-1]
    assert len(axes.collections) == 1  # the bar of run a alone
    assert np.isnan(final_risk(curves, "b").mean)
    labels = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert "diverged" in labels


def test_distance_and_similarity_are_the_tables(figure, matches):
    """Fails if the lower panels show another solver, another run or layer 0."""
    for axes, value in zip(figure.axes[2:4], ("distance", "similarity"), strict=True):
        for line, run in zip([x for x in axes.lines if x.get_gid() is None], RUNS, strict=True):
            rows = matches.query(f"run == '{run}' and solver == '{MAIN}' and layer > 0")
            np.testing.assert_allclose(line.get_ydata(), rows.groupby("layer")[value].mean())
            assert line.get_xdata()[0] == 1


def test_nulls_are_one_band_of_the_first_run(figure, matches, toy):
    """Fails if the band is another run's, mixes similarity with distance, or has several legend entries."""
    for axes, value in zip(figure.axes[2:4], ("distance", "similarity"), strict=True):
        (band,) = (found for found in axes.collections if found.get_gid() == "nulls")
        corners = band.get_paths()[0].vertices
        rows = matches[(matches["run"] == "a") & matches["solver"].isin(toy.nulls)]
        means = rows.groupby(["layer", "solver"])[value].mean().unstack()
        for layer in range(1, 5):
            found = corners[corners[:, 0] == layer, 1]
            assert found.min() == pytest.approx(means.loc[layer].min())
            assert found.max() == pytest.approx(means.loc[layer].max())
    labels = [text.get_text() for text in figure.legends[1].get_texts()]
    assert labels.count("nulls, a") == 1 and len(labels) <= 6


def test_every_run_has_its_own_floor(figure, matches):
    """Fails if similarity is read against the floor of another run."""
    floors = [line.get_ydata()[0] for line in figure.axes[3].lines if line.get_gid() == "floor"]
    rows = matches[(matches["run"] == "a") & (matches["solver"] == MAIN) & (matches["layer"] > 0)]
    assert floors == [pytest.approx(rows["floor"].mean()), pytest.approx(0.8)]


def test_description_names_what_diverged(matches, curves):
    """Fails if a diverged run is given a final risk."""
    assert "1 of 3 seeds diverged" in describe_ablations(matches, curves, "b", MAIN)
    text = describe_ablations(matches, curves, "a", MAIN)
    ends = curves[(curves["run"] == "a") & (curves["step"] == 1000)]["excess_risk"]
    assert f"final excess risk {ends.mean():.3g}" in text


@picture("ablations")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
