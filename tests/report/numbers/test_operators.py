import pytest
from operator_tables import anchor_table, summary_table

from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.operators import gap_word, operator_numbers, summary_numbers


def test_estimates_are_the_rows_of_the_table():
    """Fails if a setting is lost from a name, or a level inside a dial becomes a macro."""
    macros = Macros()
    summary_numbers(macros, summary_table(), "Operator")
    assert macros["SphericalOperatorGaussianDistance"] == r"0.300\ [0.290, 0.310]"
    assert macros["PairedOperatorKrrGapDataValue"] == "0.200"
    assert macros["SphericalOperatorDegradationNoiseHigh"] == "1.110"
    assert not [name for name, _ in macros.items() if "Eight" in name]
    anchor = Macros()
    summary_numbers(anchor, anchor_table(), "")
    assert anchor["LinearRegressionErrorRatioRidgeRidgeValue"] == "2.90"


def test_silent_dials_are_named():
    """Fails if the sentence names a dial along which the attention shows the error, or says none of one."""
    macros = Macros()
    table = summary_table()
    summary_numbers(macros, table, "Operator")
    assert macros["SphericalOperatorSilentDials"] == "along bandwidth and noise"
    quiet = Macros()
    summary_numbers(quiet, table.assign(value=table["value"].where(table["quantity"] != "silent", 0.0)), "")
    assert quiet["PairedSilentDials"] == "along none of them"


@pytest.mark.parametrize(("low", "high", "word"), [(0.1, 0.2, "farther"), (-0.2, -0.1, "closer")])
def test_a_gap_has_a_word_only_if_its_interval_excludes_zero(low, high, word):
    """Fails if a control is called farther or closer although zero is possible."""
    assert gap_word(low, high) == word
    assert gap_word(-abs(low), abs(high)).startswith("neither")


def test_nothing_is_read_of_what_is_not_measured(experiment, tmp_path):
    """Fails if an experiment without measured attention needs its tables."""
    idle = experiment.model_copy(
        update={"operators": experiment.operators.model_copy(update={"runs": [], "anchor": None})}
    )
    macros = Macros()
    operator_numbers(macros, idle, tmp_path)
    assert macros["OperatorLaw"] == idle.operators.other_law
