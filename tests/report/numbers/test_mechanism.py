"""Macros of what is inside the layers, against the tables that they are taken from."""

import re

import pytest

from ickrr.config.experiment import FigureSettings
from ickrr.report.load import load_table
from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.mechanism import mechanism_numbers, probes_clause, span


@pytest.fixture(scope="module")
def macros(experiment, results):
    shown = FigureSettings(runs=["spherical"], tables=["heads", "restored", "linearity", "degree"])
    told = experiment.model_copy(update={"figures": {**experiment.figures, "fig_mechanism": shown}})
    found = Macros()
    mechanism_numbers(found, told, results / "tables")
    return found


@pytest.fixture(scope="module")
def table(results):
    return lambda name, run="spherical": load_table(results / "tables", [run], name)


def test_shares_are_of_their_scope(macros, table):
    """Fails if a share is told of other heads or of another replacement, or three seeds give an interval."""
    shares = table("restored").set_index(["scope", "replacement"])["value"]
    pairs = {
        "RestoredByKernel": ("layer", "kernel"),
        "RestoredByPermuted": ("layer", "permuted"),
        "RestoredInOthers": ("random", "kernel"),
        "RestoredInRest": ("rest", "kernel"),
    }
    for name, key in pairs.items():
        shown = macros[f"Spherical{name}Value"].removeprefix(r"\ensuremath{").rstrip("}")
        assert float(shown) == pytest.approx(shares[key], rel=0.01)
        assert macros[f"Spherical{name}Low"] == "undefined"
    each = table("heads").drop_duplicates(["seed", "layer", "head"])
    assert int(macros["SphericalKernelHeads"]) == each["like_kernel"].sum()
    assert int(macros["SphericalHeadCount"]) == len(each)


def test_the_largest_rotation_counts(macros, table):
    """Fails if a layer that does not count, one seed, or another quantity is the largest."""
    means = table("linearity").query("seed == -1 and counted and quantity == 'rotation'")
    for name, method in (("Rotation", "layer"), ("ConjugateRotation", "CG")):
        largest = means[means["method"] == method]["value"].max()
        assert float(macros[f"Spherical{name}"]) == pytest.approx(largest, rel=0.01)


@pytest.mark.parametrize(("run", "name"), [("spherical", "Spherical"), ("noise_01", "NoiseZeroOne")])
def test_the_readout_comes_after_the_last_layer(macros, table, run, name):
    """Fails if the own readout is told as the last layer; a table of the paper shows it of both runs."""
    needed = table("degree", run).query("needed").groupby("layer")["degree"].mean()
    assert float(macros[f"{name}FirstDegree"]) == pytest.approx(needed.iloc[0], abs=0.05)
    assert float(macros[f"{name}LastDegree"]) == pytest.approx(needed.iloc[-2], abs=0.05)


def test_later_layers_are_followed(macros, table, experiment):
    """Fails if a replaced layer itself, the own readout or a layer that does not count takes part."""
    counted = range(3, experiment.run("spherical").model.layers + 1)
    of_pair = table("coefficients").query("family == 'R' and other == 'PR'").to_dict("records")
    as_it_is = {(row["seed"], row["read"]): row["coefficient"] for row in of_pair if row["scope"] == "none"}
    later = [
        row
        for row in of_pair
        if row["scope"] == "layer" and row["read"] > row["layer"] and row["read"] in counted
    ]
    for words, one in (("ByKernel", "kernel"), ("ByPermuted", "permuted"), ("ByMean", "mean")):
        found = [row["coefficient"] for row in later if row["replacement"] == one]
        shown = macros[f"SphericalLaterAddition{words}"]
        assert float(re.search(r"-?\d*\.\d+", shown)[0]) == pytest.approx(sum(found) / len(found), abs=0.0051)
    before = [as_it_is[row["seed"], row["read"]] for row in later if row["replacement"] == "kernel"]
    shown = macros["SphericalLaterAddition"]
    assert float(re.search(r"-?\d*\.\d+", shown)[0]) == pytest.approx(sum(before) / len(before), abs=0.0051)


def test_the_chosen_probe_is_told(macros, table):
    """Fails if a risk is that of another probe or layer, or numbers are counted that have no interval."""
    probes = table("probes")
    last = probes[probes["layer"] == probes["layer"].max()]
    risks = last.groupby(["stream", "target"])["excess_risk"].mean()
    assert macros["ChosenProbes"].endswith("normalisation, fitted to posterior means")
    for name, probe in (
        ("DefaultProbe", ("raw", "label")),
        ("ChosenProbe", ("normed", "posterior_mean")),
        ("OwnReadout", ("own", "own")),
    ):
        assert float(macros[f"Spherical{name}Risk"]) == pytest.approx(risks[probe], rel=0.01)
    assert macros["SphericalProbedNumbers"] == "24"
    assert 0 < int(macros["SphericalMovedNumbers"]) < 24


def test_names_through_the_chosen_probe_are_counted(macros, table):
    """Fails if layers that do not count take part, or names are those through another probe."""
    names = table("probe_attributions").query(
        "stream == 'normed' and target == 'posterior_mean' and layer >= 3"
    )
    assert macros["SphericalChosenProbeLayers"] == str(len(names))
    for word, name in (("PR", "Pr"), ("none", "None")):
        assert macros[f"SphericalChosenProbeNamed{name}Count"] == str((names["named"] == word).sum())


def test_equal_things_are_said_once():
    """Fails if one probe is named twice, or a span of equal numbers is told as a span."""
    assert probes_clause({"a_b": "x", "c": "x"}) == "the one of x"
    assert (
        probes_clause({"a_b": "x", "c": "y"}) == "for a b inputs the one of x and for c inputs the one of y"
    )
    assert span([7.0, 7.0]) == "7"
    assert span([7.0, 5.8, 6.0]) == "5.8 to 7"
