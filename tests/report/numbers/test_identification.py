"""Macros of the identification against the tables that they are taken from."""

import pytest

from ickrr.config.experiment import FigureSettings
from ickrr.report.load import load_table
from ickrr.report.numbers.identification import identification_numbers
from ickrr.report.numbers.macros import Macros


@pytest.fixture(scope="module")
def macros(experiment, results):
    shown = FigureSettings(runs=["spherical"], tables=["attribution", "encompassing"])
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


def test_trials_add_up(macros):
    """Fails if a pseudo-layer is neither right, wrong nor unnamed, or counted twice."""
    parts = [int(macros[f"SphericalPseudo{word}"]) for word in ("Right", "Wrong", "Unnamed")]
    assert sum(parts) == int(macros["SphericalPseudoLayers"])
