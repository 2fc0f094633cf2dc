import numpy as np
import pytest

from ickrr.report.load import load_table
from ickrr.report.numbers.macros import MacroError, Macros
from ickrr.report.numbers.runs import (
    CLAUSES,
    alignment_numbers,
    best_clause,
    error_numbers,
    run_numbers,
    training_numbers,
)
from ickrr.report.verdicts import Ranking


@pytest.fixture(scope="module")
def macros(experiment, results):
    macros = Macros()
    run_numbers(macros, experiment, results / "tables")
    return macros


def test_settings(macros):
    """Fails if a macro says something else than the resolved experiment."""
    expected = {
        "SphericalLayers": "8",
        "NoiseZeroOneLayers": "4",
        "SphericalNoiseStd": "0.3",
        "SphericalRidge": "0.09",
        "SphericalContextLength": "20",
        "SphericalSeedCount": "3",
        "NoiseZeroOneSeedCount": "2",
        "NoiseZeroOneLengthscale": "1.3",
        "ConfidencePercent": "95",
        "ProbeRidge": r"\ensuremath{10^{-6}}",
        "ReportedContextLengths": "2, 4, 6, 8, 10, 12, 15, 20",
    }
    assert {name: macros[name] for name in expected} == expected


def test_errors_equal_the_table(macros, results):
    """Fails if a number of the text is not the one in the table."""
    errors = load_table(results / "tables", ["spherical"], "errors")
    last = errors.query("method == 'transformer' and step == 8 and context_length == 20")
    posterior = errors.query("method == 'posterior_mean' and context_length == 20")
    assert float(macros["SphericalFinalMse"]) == pytest.approx(last["mse"].mean(), rel=5e-3)
    assert float(macros["SphericalPosteriorMse"]) == pytest.approx(posterior["mse"].iloc[0], rel=5e-3)
    own = errors.query("method == 'transformer_output' and context_length == 20")
    for name, rows in (("Final", last), ("Output", own)):
        share = 100 * rows["excess_risk"].mean() / posterior["mse"].iloc[0]
        assert float(macros[f"Spherical{name}ExcessShare"]) == pytest.approx(share, rel=5e-3)


def test_learning_curve_equals_the_table(macros):
    """Fails if anything but the last point is called the final excess risk."""
    final = 0.45 * np.exp(-1000 / 120) + 0.0065 * np.array([1.0, 1.1, 1.2])
    assert float(macros["SphericalExcessRisk"]) == pytest.approx(final.mean(), rel=5e-3)
    low, high = map(float, macros["SphericalExcessRiskRange"].split(" to "))
    assert (low, high) == pytest.approx((final.min(), final.max()), rel=5e-3)
    assert float(macros["SphericalExcessShare"]) == pytest.approx(100 * final.mean() / 0.224, rel=5e-3)


def test_a_diverged_seed_is_not_averaged_away(toy):
    """Fails if the mean over seeds skips the seed that diverged."""
    macros = Macros()
    training_numbers(macros, "A", toy.learning_curve("a", diverging=(1,)))
    assert macros["AExcessRisk"] == macros["AExcessRiskRange"] == macros["AExcessShare"] == "undefined"
    assert macros["ADivergedSeeds"] == "1"
    assert macros["ALearnedSeeds"] == "2"  # of three


def test_alignment_equals_the_table(macros, results):
    """Fails if a value or an end of its interval differs from the table."""
    alignment = load_table(results / "tables", ["spherical"], "alignment")
    row = alignment.query("solver == 'conjugate_gradient' and statistic == 'slope'").iloc[0]
    for suffix, column in (("Value", "value"), ("Low", "low"), ("High", "high")):
        shown = float(macros[f"SphericalConjugateGradientSlope{suffix}"])
        assert shown == pytest.approx(row[column], abs=1e-3)
    assert macros["SphericalNewtonSchulzSlope"] == "undefined"
    share = alignment.query("solver == 'richardson' and statistic == 'censored_share'").iloc[0]["value"]
    assert float(macros["SphericalRichardsonCensoredShareValue"]) == pytest.approx(100 * share, abs=0.1)


def test_steps_to_match(macros, toy):
    """Fails if the step named is not the first at which the solver's error is the transformer's or less."""
    errors = toy.errors("a").query("context_length == 20")
    level = errors.query("method == 'transformer' and step == 8")["mse"].mean()
    reached = errors.query(f"method == 'newton_schulz' and mse <= {level}")["step"].min()
    assert macros["SphericalNewtonSchulzStepsToMatch"] == str(reached)
    assert macros["SphericalRichardsonStepsToMatch"] == "undefined"


def test_divergence_is_stated(macros, toy, experiment):
    """Fails if a diverging solver goes unmentioned, or a converging one is accused."""
    assert macros["SphericalDivergenceStatement"] == "Richardson diverged at $n$ = 2 and 4"
    calm = Macros()
    error_numbers(calm, "A", toy.errors("a", diverging=()), experiment)
    assert calm["ADivergenceStatement"] == "no solver diverged on any reported context length"


def test_who_is_best_is_said(macros):
    """Fails if the words do not follow the rule: the toy's Richardson does not differ from preconditioned."""
    both = "preconditioned Richardson and Richardson are the {}, with no clear difference"
    assert macros["SphericalSimilarityOrder"] == both.format("most similar")
    assert macros["SphericalDistanceOrder"] == both.format("nearest")
    assert macros["SphericalConjugateGradientTrendWord"] == "grows"
    assert macros["SphericalNewtonSchulzTrendWord"] == "has no defined trend"


def test_clauses():
    """Fails if a clause has the wrong number or name."""
    nearest = CLAUSES["distance"]
    alone = Ranking("newton_schulz", (), {"newton_schulz": "best"})
    assert best_clause(alone, nearest) == "Newton--Schulz is the nearest"
    both = Ranking("a", ("b",), {"a": "tied for best", "b": "tied for best"})
    assert best_clause(both, nearest) == "none of the solvers differs clearly from the best one"
    assert best_clause(Ranking(None, (), {}), nearest) == "no solver has a defined value"


def test_runs_with_the_same_macro_names_are_refused(toy, experiment):
    """Fails if 'a_b' silently overwrites 'ab' or the like."""
    macros = Macros()
    alignment = toy.alignment("a", [toy.draws(0), toy.draws(1)])
    alignment_numbers(macros, "A", alignment, experiment)
    with pytest.raises(MacroError, match="is taken"):
        alignment_numbers(macros, "A", alignment, experiment)
