from conjugate_tables import cg_table, width_table

from ickrr.config.experiment import Experiment
from ickrr.report.numbers.conjugate import projection_numbers, solver_numbers
from ickrr.report.numbers.macros import Macros

EXPERIMENT = Experiment.model_validate({"tasks": {"spherical": {}}, "runs": {"spherical": {}}})


def test_solvers():
    """Fails if families or subjects are mixed, or a grid that ended first, or a divergence, is not said."""
    macros = Macros()
    solver_numbers(macros, EXPERIMENT, cg_table())
    assert (macros["CgWellKappa"], macros["CgIllKappa"]) == ("3.00", "30.0")
    assert (macros["CgWellSteps"], macros["PcgIllSteps"]) == ("5", "70")
    assert macros["RichardsonWellSteps"] == "400"
    assert macros["PreconditionedRichardsonIllSteps"] == "more than 3000"
    assert (macros["ReluUnitsFewest"], macros["ReluUnitsMost"]) == ("256", "65536")
    assert macros["ReluWellErrorFewest"] == "0.00391" and macros["ReluIllErrorFewest"] == "diverged"
    assert (macros["CgBlocks"], macros["CgReluBlocks"]) == ("5", "7")
    assert macros["CgIllStepError"] == r"\ensuremath{1.00\times 10^{-12}}"


def test_projections():
    """Fails if ridges are mixed, or an error is not that at the effective dimension."""
    macros = Macros()
    projection_numbers(macros, EXPERIMENT, width_table())
    assert [macros[f"Projection{name}Ridge"] for name in ("Small", "Middle", "Large")] == ["0.1", "1", "10"]
    assert macros["ProjectionMiddleEffectiveDimension"] == "12.0"
    assert macros["ProjectionLargeGaussianErrorValue"] == "0.300"
    assert macros["ProjectionSmallEigenspaceFall"] == r"0.25\ [0.15, 0.35]"
