"""The figure of the identification, against the tables that it draws."""

import numpy as np
import pandas as pd
import pytest
from identification_tables import attribution, encompassing
from pictures import picture

from ickrr.report.figures.identification import (
    ACROSS,
    DRAWN,
    LOOKS,
    RIVALS,
    UNNAMED,
    UPWARDS,
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


def test_a_run_with_fewer_trainings_hides_none_of_the_others(tables):
    """Fails if one run sets the axis that all share, or a training stands at the line of another."""
    attributed, added = tables
    few = attributed[(attributed["run"] != "b") | (attributed["seed"] == 4)]
    for axes in rows_of(identification_figure(few, added, RUNS, 0.3, "smoke"), 2):
        assert axes.get_ylim() == pytest.approx((2.6, -0.6))
        assert list(axes.get_yticks()) == [0, 1, 2]
    assert {line.get_ydata()[0] for line in axes.lines} == {1}


def rows_of(figure, row):
    """Return the panels of a row, in the order of the runs."""
    return figure.axes[row * len(RUNS) : (row + 1) * len(RUNS)]


def test_the_plane_holds_what_each_adds_to_the_other(tables, figure):
    """Fails if the axes are swapped, one seed or a layer that does not count is drawn, or a rival is lost."""
    means = tables[1][(tables[1]["seed"] == -1) & tables[1]["layer"].isin([3, 4, 5])]
    for run, axes in zip(RUNS, rows_of(figure, 0), strict=True):
        paths = {line.get_gid(): line for line in axes.lines if line.get_gid()}
        assert set(paths) == set(RIVALS)
        for rival, path in paths.items():
            sides = ((path.get_xdata(), "PR", rival, ACROSS), (path.get_ydata(), rival, "PR", UPWARDS))
            for values, family, other, limits in sides:
                rows = means[(means["run"] == run) & (means["family"] == family) & (means["other"] == other)]
                np.testing.assert_allclose(values, np.clip(rows["coefficient"], *limits))


def test_both_algorithms_have_their_places_in_the_plane(figure):
    """Fails if a layer that is PR, to which the rival adds 0, would not stand at the red star."""
    for axes in rows_of(figure, 0):
        stars = [line for line in axes.lines if line.get_marker() == "*"]
        assert [(*line.get_xdata(), *line.get_ydata()) for line in stars] == [(0, 1), (1, 0)]
        assert stars[0].get_color() == LOOKS["PR"].colour


def test_distances_are_means_over_seeds(tables, figure):
    """Fails if a family, a layer or a run is drawn with another's distances."""
    means = tables[0].groupby(["run", "family", "layer"])["distance"].mean()
    for run, axes in zip(RUNS, rows_of(figure, 1), strict=True):
        for family, line in zip(DRAWN, axes.lines, strict=True):
            np.testing.assert_allclose(line.get_ydata(), means[run, family])
            np.testing.assert_array_equal(np.rint(line.get_xdata()), means[run, family].index)


def test_markers_of_one_layer_stand_beside_each_other(figure):
    """Fails if two families have the same place, so that one hides the other where their distances agree."""
    for axes in rows_of(figure, 1):
        places = [line.get_xdata()[0] for line in axes.lines]
        assert len(set(places)) == len(places)


def test_every_layer_of_every_seed_has_its_name(tables, figure):
    """Fails if a name is missing, stands at another layer or seed, or has another name's colour or marker."""
    for run, axes in zip(RUNS, rows_of(figure, 2), strict=True):
        found = {
            (int(mark.get_xdata()[0]), int(mark.get_ydata()[0])): (mark.get_gid(), mark.get_marker())
            for mark in axes.lines
        }
        rows = tables[0][tables[0]["run"] == run].drop_duplicates(["seed", "layer"])
        expected = {
            (row["layer"], row["seed"] - 3): (
                row["named"],
                LOOKS[row["named"]].marker if row["named"] in LOOKS else "s",
            )
            for _, row in rows.iterrows()
        }
        assert found == expected


def test_no_legend_has_more_than_six_entries(figure):
    """Fails if a row has no legend of its own, or one that a reader has to search."""
    legends = [axes.get_legend() for axes in figure.axes if axes.get_legend()]
    assert len(legends) == 3
    assert max(len(legend.get_texts()) for legend in legends) <= 6


def test_a_run_that_is_not_there_is_named(tables):
    """Fails if an absent run leaves an empty column."""
    with pytest.raises(ValueError, match="attribution has no rows of run 'c'"):
        identification_figure(*tables, ["c"], 0.3, "smoke")


def test_names_stay_apart_in_grey():
    """Fails if two families share a marker, or "none" and "undecided" look alike."""
    assert len({look.marker for look in LOOKS.values()}) == len(LOOKS)
    greys = [lightness(UNNAMED["none"]), lightness("white")]
    assert abs(greys[0] - greys[1]) > 15


def test_the_description_counts_layers_that_count(tables):
    """Fails if the first layers or the own readout are counted."""
    assert describe_identification(tables[0], "a").startswith("Run `a`: of 9 layers that count: ")


@picture("identification")
def test_picture(figure):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return figure
