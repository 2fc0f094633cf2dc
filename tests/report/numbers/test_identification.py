"""Macros of the identification against the tables that they are taken from."""

import pandas as pd
import pytest

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.config.experiment import FigureSettings
from ickrr.report.load import load_table
from ickrr.report.numbers.identification import identification_numbers
from ickrr.report.numbers.macros import Macros
from ickrr.report.studies import settled_from


@pytest.fixture(scope="module")
def macros(experiment, results):
    shown = FigureSettings(runs=["spherical"], tables=["attribution", "encompassing", "snapshot_attribution"])
    told = experiment.model_copy(update={"figures": {**experiment.figures, "fig_identification": shown}})
    found = Macros()
    identification_numbers(found, told, results / "tables")
    return found


def test_counts_are_of_the_layers_that_count(macros, results):
    """Fails if a layer is counted once for each family, or the own readout is among them."""
    table = load_table(results / "tables", ["spherical"], "attribution")
    rows = table[table["counted"]].drop_duplicates(["seed", "layer"])
    assert macros["SphericalCountedLayers"] == str(len(rows))
    for word, name in (("PR", "Pr"), ("none", "None"), ("undecided", "Undecided")):
        assert macros[f"SphericalNamed{name}Count"] == str((rows["named"] == word).sum())


def test_shares_are_in_percent_and_have_no_interval_of_three_seeds(macros, results):
    """Fails if a share is not in percent, or three trainings give an interval."""
    table = load_table(results / "tables", ["spherical"], "attribution")
    rows = table[table["counted"] & (table["family"] == "R")]
    assert float(macros["SphericalRichardsonAloneValue"]) == pytest.approx(
        100 * rows["survives"].mean(), abs=0.1
    )
    assert macros["SphericalRichardsonAloneLow"] == "undefined"


def test_additions_are_not_turned_round(macros, results):
    """Fails if what Richardson adds is told as what preconditioned Richardson adds."""
    table = load_table(results / "tables", ["spherical"], "encompassing")
    means = table[(table["seed"] == -1) & (table["layer"] == 0)].set_index(["family", "other"])
    pairs = {
        "AddedToRichardson": ("R", "PR"),
        "AddedByRichardson": ("PR", "R"),
        "AddedToRidge": ("ridge", "PR"),
    }
    for name, pair in pairs.items():
        expected = means.loc[pair, "coefficient"]
        assert float(macros[f"Spherical{name}Value"]) == pytest.approx(expected, abs=0.01)


def test_the_way_through_the_training_is_told_from_its_tables(macros, results):
    """Fails if layers that do not count take part, a step is skipped, or a family that left again counts."""
    table = load_table(results / "tables", ["spherical"], "snapshot_attribution")
    nearest = {}
    for step, rows in table[table["counted"]].groupby("step"):
        nearest[step] = min(
            set(rows["family"]), key=lambda name: rows[rows["family"] == name]["distance"].mean()
        )
    steps = sorted(nearest)
    last = nearest[steps[-1]]
    first = next(step for step in steps if all(nearest[later] == last for later in steps if later >= step))
    assert macros["SphericalFollowedSteps"] == str(len(steps))
    assert macros["SphericalNearestAtEnd"] == FAMILY_WORDS[last]
    assert macros["SphericalNearestFrom"] == str(first)
    curve = load_table(results / "tables", ["spherical"], "learning_curve")
    means = curve.groupby("step")[["excess_risk", "bayes_risk"]].mean()
    below = [bool(row.excess_risk < 0.05 * row.bayes_risk) for row in means.itertuples()]
    expected = "at no step"
    if below[-1]:
        place = len(below) - 1 - next((n for n, one in enumerate(reversed(below)) if not one), len(below)) + 1
        expected = f"from step {means.index[place]} on"
    assert macros["SphericalLearnedFrom"] == expected


@pytest.mark.parametrize(
    ("holds", "expected"),
    [
        ({1: True, 5: True}, 1),
        ({1: True, 5: False, 9: True}, 9),
        ({9: True, 1: False, 5: True}, 5),
        ({1: True, 5: False}, None),
    ],
)
def test_what_holds_to_the_end_is_told_from_its_last_failure_on(holds, expected):
    """Fails if something that failed again counts, or rows must be in order."""
    assert settled_from(pd.Series(holds)) == expected


def test_trials_add_up(macros):
    """Fails if a pseudo-layer is neither right, wrong nor unnamed, or counted twice."""
    parts = [int(macros[f"SphericalPseudo{word}"]) for word in ("Right", "Wrong", "Unnamed")]
    assert sum(parts) == int(macros["SphericalPseudoLayers"])
