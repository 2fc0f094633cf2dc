import re
import shutil

import pytest
from typesetting import pdflatex

from ickrr.report.numbers.macros import MacroError, Macros


def test_names_are_letters_and_unique():
    """Fails if TeX would be given a name it cannot read, or one number silently replaces another."""
    macros = Macros()
    macros.add("Floor", "0.6")
    with pytest.raises(MacroError, match="'Floor' is taken"):
        macros.add("Floor", "0.7")
    with pytest.raises(MacroError, match="'Run1' is not letters only"):
        macros.add("Run1", "1")


def test_estimate_is_four_macros_with_the_same_decimals():
    """Fails if a value and its interval are rounded differently, or an end gets lost."""
    macros = Macros()
    macros.estimate("A", 0.92134, 0.91801, 0.92451)
    assert dict(macros.items()) == {
        "A": r"0.9213\ [0.9180, 0.9245]",
        "AValue": "0.9213",
        "ALow": "0.9180",
        "AHigh": "0.9245",
    }


def test_what_does_not_exist_reads_undefined():
    """Fails if NaN reaches the text as 'nan' or as nothing."""
    macros = Macros()
    nan = float("nan")
    macros.estimate("A", nan, nan, nan)
    macros.estimate("B", 0.5, nan, nan)
    macros.add("C", "")
    assert macros["A"] == macros["ALow"] == macros["C"] == "undefined"
    assert macros["B"] == "0.500"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_a_missing_macro_stops_tex(tmp_path):
    """Fails if TeX builds a paper that uses a number which was never made."""
    macros = Macros()
    macros.estimate("A", -0.5, -0.6, -0.4)
    macros.value("B", 1e-7)
    (tmp_path / "numbers.tex").write_text(macros.latex())

    def build(body):
        document = rf"\documentclass{{article}}\input{{numbers}}\begin{{document}}{body}\end{{document}}"
        (tmp_path / "main.tex").write_text(document)
        return pdflatex(tmp_path)

    assert build(r"\A{} $\A$ \B{} $\B$").returncode == 0
    missing = build(r"\Missing{}")
    assert missing.returncode != 0
    assert re.search(r"Undefined control sequence", missing.stdout)
