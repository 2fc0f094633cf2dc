"""The confusion matrix of known cases, against the table that it counts."""

import numpy as np
import pandas as pd
import pytest
from identification_tables import trials
from pictures import picture

from ickrr.config.claim_terms import BUILT, FAMILY_WORDS
from ickrr.report.figures.trials import confusion, describe_trials, trials_figure


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    every = pd.concat([trials(run, generator) for run in "abc"])
    return every[
        (every["run"] == "a") | (every["group"] != BUILT)
    ]  # a model is built for the first run alone


def test_every_case_is_counted_once(table):
    """Fails if a case is lost, counted for another family, or one of no family counts as a mixture."""
    rows = table[table["run"] == "a"]
    counts = confusion(rows)
    assert counts.to_numpy().sum() == len(rows)
    pseudo = rows[rows["group"] == "pseudo-layer"]
    for family in FAMILY_WORDS:
        right = ((pseudo["allowed"] == family) & (pseudo["named"] == family)).sum()
        assert counts.loc[family, family] == right
    assert counts.loc["held out", "none"] == counts.loc["held out"].sum() == len(FAMILY_WORDS) * 4


def test_one_matrix_for_each_run(table):
    """Fails if a run has no panel, a cell lacks its number, or an unused panel is visible."""
    figure = trials_figure(table, list("abc"), "smoke")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in shown] == ["(a) a", "(b) b", "(c) c"]
    for axes, run in zip(shown, "abc", strict=True):
        counts = confusion(table[table["run"] == run]).to_numpy()
        assert [int(text.get_text()) for text in axes.texts] == counts[counts > 0].tolist()
    with pytest.raises(ValueError, match="trials has no rows of run 'd'"):
        trials_figure(table, ["d"], "smoke")


def test_numbers_stand_in_their_rows(table):
    """Fails if a number stands beside another row's name: panels share their rows, and one may have more."""
    for runs, built in (("abc", True), ("bc", False)):
        figure = trials_figure(table, list(runs), "smoke")
        named = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert (BUILT in named) == built
        for axes, run in zip(figure.axes, runs, strict=False):
            counts = confusion(table[table["run"] == run])
            found = {(named[round(text.get_position()[1])], int(text.get_text())) for text in axes.texts}
            assert found == {(row, n) for row in counts.index for n in counts.loc[row] if n}
            low, high = sorted(axes.get_ylim())
            assert (low, high) == (-0.5, len(named) - 0.5)


def test_the_description_adds_up(table):
    """Fails if cases of no family are counted among the pseudo-layers, or a wrong name as right."""
    rows = table[(table["run"] == "b") & table["group"].str.endswith("pseudo-layer")]
    wrong = int(rows["wrong"].sum())
    right = int(((rows["named"] == rows["allowed"]) & ~rows["wrong"]).sum())
    expected = f"Run `b`: of {len(rows)} pseudo-layers {right} are named rightly and {wrong} wrongly."
    assert describe_trials(table, "b") == expected


@picture("trials")
def test_picture(table):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return trials_figure(table, list("abc"), "smoke")
