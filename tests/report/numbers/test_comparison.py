"""Macros of comparisons against the tables that they are taken from."""

import re

import pytest

from ickrr.config.experiment import FigureSettings
from ickrr.errors import FileError
from ickrr.report.load import load_table
from ickrr.report.numbers.comparison import comparison_numbers, share_numbers
from ickrr.report.numbers.macros import Macros


def numbers(text):
    """All numbers of a macro's text."""
    return [float(found) for found in re.findall(r"-?\d+\.?\d*", text)]


@pytest.fixture(scope="module")
def swept(experiment):
    figure = FigureSettings(runs=["spherical"], tables=["noise"])
    return experiment.model_copy(update={"figures": {**experiment.figures, "fig10": figure}})


@pytest.fixture(scope="module")
def macros(swept, results):
    found = Macros()
    comparison_numbers(found, swept, results / "tables")
    return found


def test_differences_are_those_of_the_whole_model(macros, results):
    """Fails if the pair is turned round, another layer is taken, or an end of the interval is lost."""
    pairs = load_table(results / "tables", ["spherical"], "pairs")
    row = pairs[
        (pairs["statistic"] == "distance")
        & (pairs["layer"] == 0)
        & (pairs["first"] == "preconditioned_richardson")
        & (pairs["second"] == "conjugate_gradient")
    ].iloc[0]
    shown = numbers(macros["SphericalPreconditionedRichardsonAgainstConjugateGradientDistance"])
    assert shown == pytest.approx([row["difference"], row["low"], row["high"]], abs=1e-4)
    turned = numbers(macros["SphericalConjugateGradientAgainstPreconditionedRichardsonDistance"])
    assert turned[0] == pytest.approx(-shown[0])


def test_led_layers_are_counted_and_in_percent(macros, results):
    """Fails if strictly best and best are confused, or a share is not in percent."""
    shares = load_table(results / "tables", ["spherical"], "shares")
    row = shares[
        (shares["statistic"] == "similarity") & (shares["solver"] == "preconditioned_richardson")
    ].iloc[0]
    assert macros["SphericalPreconditionedRichardsonSimilarityLayersBest"] == str(row["best"])
    shown = numbers(macros["SphericalPreconditionedRichardsonSimilarityLeadShare"])
    wanted = [100 * row[name] for name in ("lead_share", "low", "high")]
    assert shown == pytest.approx(wanted, abs=0.6)


def test_noise_ratios_are_at_the_ends_and_at_equal_noise(macros, results, swept):
    """Fails if another factor, context length or method is quoted."""
    noise = load_table(results / "tables", ["spherical"], "noise")
    last = noise[noise["context_length"] == noise["context_length"].max()]
    for place, factor in (("Lowest", 0.1), ("Equal", 1.0), ("Highest", 10.0)):
        for method, name in (("transformer", "Transformer"), ("encoded_oracle", "EncodedOracle")):
            rows = last[(last["method"] == method) & ((last["factor"] - factor).abs() < 1e-6)]
            value = numbers(macros[f"SphericalNoise{place}{name}"])[0]
            assert value == pytest.approx(rows["ratio"].mean(), rel=1e-2)
        # The ridge of the toy is the factor of the noise, half way between oracle and optimum.
        assert numbers(macros[f"SphericalNoise{place}Ridge"])[0] == pytest.approx(factor, rel=1e-2)
    assert macros["NoiseFactorLowest"] == "0.1"
    assert macros["NoiseFactorHighest"] == "10"


def test_only_swept_runs_have_noise(macros, swept):
    """Fails if a noise table is asked for that no rule makes."""
    assert swept.runs_showing("noise") == ["spherical"]
    assert not any(name.startswith("NoiseZeroOneNoise") for name, _ in macros.items())


def test_missing_solver_is_named(experiment, results):
    """Fails if a table without a solver ends in an IndexError."""
    shares = load_table(results / "tables", ["spherical"], "shares")
    with pytest.raises(FileError, match=r"shares\.parquet.*'richardson'.*delete it"):
        share_numbers(Macros(), "spherical", shares[shares["solver"] != "richardson"], experiment)
