"""Macros of the identification against the tables that they are taken from."""

import pandas as pd
import pytest

from ickrr.config.constructions import ControlSettings
from ickrr.config.experiment import FigureSettings
from ickrr.report.load import load_table
from ickrr.report.methods import FAMILIES, law_word
from ickrr.report.numbers.identification import identification_numbers
from ickrr.report.numbers.macros import Macros
from ickrr.report.studies import settled_from


@pytest.fixture(scope="module")
def macros(experiment, results):
    shown = FigureSettings(runs=["spherical"], tables=["attribution", "encompassing", "snapshot_attribution"])
    controls = {"probed": ControlSettings(weights="exact", readout="fitted")}
    constructions = experiment.constructions.model_copy(update={"controls": controls})
    figures = {**experiment.figures, "fig_identification": shown}
    told = experiment.model_copy(update={"figures": figures, "constructions": constructions})
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
    assert macros["SphericalNearestAtEnd"] == FAMILIES[last]
    assert macros["SphericalNearestFrom"] == str(first)
    pairs = load_table(results / "tables", ["spherical"], "snapshot_encompassing")
    whole = pairs[(pairs["seed"] == -1) & (pairs["layer"] == 0)]
    added = {
        row.step: row.coefficient for row in whole.itertuples() if (row.family, row.other) == ("R", "PR")
    }
    most = sorted(added, key=lambda step: -added[step])[0]
    assert macros["SphericalMostAddedAt"] == str(most)
    assert float(macros["SphericalMostAddedValue"]) == pytest.approx(added[most], abs=0.01)
    assert float(macros["SphericalAddedAtEndValue"]) == pytest.approx(added[steps[-1]], abs=0.01)
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


def test_known_cases_are_counted_by_their_group(macros, results):
    """Fails if a pseudo-layer is counted twice, or a case of no family is one of them."""
    table = load_table(results / "tables", ["spherical"], "trials")
    pseudo = table[table["group"].str.contains("pseudo")]
    unnamed = pseudo["named"].isin(["none", "undecided"])
    built = table[table["group"] == "built model"]
    assert macros["SphericalBuiltLayers"] == str(len(built))
    counts = {"Right": built["named"] == "PR", "Wrong": built["wrong"], "Unnamed": built["named"] == "none"}
    assert {name: macros[f"SphericalBuilt{name}"] for name in counts} == {
        name: str(found.sum()) for name, found in counts.items()
    }
    for name, column in (("AddedToRichardson", "added_to_r"), ("AddedByRichardson", "added_by_r")):
        shown = macros[f"SphericalBuilt{name}"].removeprefix(r"\ensuremath{").rstrip("}")
        assert float(shown) == pytest.approx(built[column].mean(), rel=6e-3)
    assert macros["SphericalPseudoLayers"] == macros["JudgedPseudoLayers"] == str(len(pseudo))
    assert macros["SphericalPseudoWrong"] == macros["JudgedPseudoWrong"] == str(pseudo["wrong"].sum())
    assert macros["SphericalPseudoRight"] == str((~unnamed & ~pseudo["wrong"]).sum())
    for family, word in (("PR", "Pr"), ("ridge", "Ridge")):
        of_family = pseudo[pseudo["allowed"] == family]
        assert macros[f"JudgedPseudo{word}Layers"] == str(len(of_family))
        assert macros[f"JudgedPseudo{word}Right"] == str((of_family["named"] == family).sum())
    strange = table[table["group"] == "held out"]
    named = (~strange["named"].isin(["none", "undecided"])).sum()
    assert macros["SphericalStrangeCases"] == macros["JudgedStrangeCases"] == str(len(strange))
    assert macros["SphericalStrangeNamed"] == macros["JudgedStrangeNamed"] == str(named)


def test_all_laws_are_judged_together(macros, results):
    """Fails if the totals are not of the layers that count, or the nearest family is not told by distance."""
    table = load_table(results / "tables", ["spherical"], "attribution")
    rows = table[table["counted"]]
    each = rows.drop_duplicates(["seed", "layer"])
    assert macros["JudgedLaws"] == "1"
    assert macros["JudgedCountedLayers"] == str(len(each))
    assert macros["JudgedNamedNoneCount"] == str((each["named"] == "none").sum())
    others = ~each["named"].isin(["PR", "none", "undecided"])
    assert macros["JudgedNamedOtherCount"] == str(others.sum())
    for name, count in each.loc[each["named"] != "none", "named"].value_counts().items():
        told = macros["JudgedNamedAfter"].replace("is named ", "").replace("are named ", "")
        assert f"{count} after {FAMILIES[name]}" in told
    nearest = min(set(rows["family"]), key=lambda name: rows[rows["family"] == name]["distance"].mean())
    assert macros["SphericalNearestFamily"] == FAMILIES[nearest]
    assert macros["JudgedNearestClosedForm"] == str(int(nearest in ("ridge", "PR closed", "smoother")))
    assert macros["LeastAddedLaw"] == macros["MostAddedLaw"] == "spherical"
    assert macros["LeastAddedValue"] == macros["SphericalAddedToRichardsonValue"]


def test_what_is_added_is_told_by_layer_and_on_uneven_prompts(macros, results):
    """Fails if the first or the last layer that counts is another one, or the tables are exchanged."""
    table = load_table(results / "tables", ["spherical"], "encompassing")
    means = table.query("seed == -1 and family == 'R' and other == 'PR'").set_index("layer")["coefficient"]
    assert float(macros["SphericalAddedAtFirst"]) == pytest.approx(means[3], abs=0.006)
    assert float(macros["SphericalAddedAtLast"]) == pytest.approx(means[means.index.max() - 1], abs=0.006)
    uneven = load_table(results / "tables", ["spherical"], "uneven")
    mean = uneven.query("seed == -1 and layer == 0 and family == 'R' and other == 'PR'")["coefficient"]
    assert float(macros["SphericalUnevenAddedToRichardsonValue"]) == pytest.approx(mean.iloc[0], abs=0.01)


def test_words_for_laws_stand_inside_a_sentence():
    """Fails if a law has the name of a thing, or a proper name loses its capital."""
    assert [law_word(law) for law in ("spherical", "gaussian", "clustered")] == [
        "spherical",
        "Gaussian",
        "clustered",
    ]
