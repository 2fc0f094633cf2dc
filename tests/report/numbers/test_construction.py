from construction_tables import construction_cells, construction_tables, controls_table

from ickrr.constructions.richardson.rates import rates_table
from ickrr.report.numbers.construction import (
    contraction_numbers,
    control_numbers,
    grid_numbers,
    typical_numbers,
)
from ickrr.report.numbers.macros import Macros


def test_grid():
    """Fails if a cell is counted twice, or a failed one is not said."""
    macros, cells = Macros(), construction_cells()
    grid_numbers(macros, cells, rates_table(cells, 0.95))
    counts = [int(macros[f"Construction{name}"]) for name in ("Verified", "TheoryOnly", "BeyondFloat")]
    assert sum(counts) == int(macros["ConstructionCells"]) == 18
    assert macros["ConstructionVerdict"] == "every one of them keeps every bound"
    assert macros["ConstructionWorstShare"] == "0.100"
    assert macros["RateScaledWidthEpsValue"].startswith("0.5")
    failed = Macros()
    grid_numbers(failed, construction_cells(passed=False), rates_table(cells, 0.95))
    assert failed["ConstructionVerdict"] == f"{counts[0]} of them break a bound"


def test_contraction():
    """Fails if shares mix laws, ridges or lengths, or a broken bound is not said."""
    macros = Macros()
    table = construction_tables()["construction/contraction"]
    contraction_numbers(macros, table, ["spherical"])
    assert macros["GapShareSphericalShortest"] == "100" and macros["GapShareSphericalLongest"] == "0"
    assert "GapShareUniformLongest" not in dict(macros.items())
    assert macros["ContractionVerdict"] == "on none of them"
    assert macros["ContractionFixedRidge"] == "0.09"
    broken = Macros()
    contraction_numbers(
        broken, table.assign(factor=table["factor"].where(table.index != 0, 1.0)), ["spherical"]
    )
    assert broken["ContractionVerdict"] == "on 1 of them"


def test_typical():
    """Fails if lengths are sorted as text, or a ridge has another's steps."""
    macros = Macros()
    typical_numbers(macros, construction_tables()["construction/summary"])
    assert macros["TypicalFixedStepsShortest"] == "8" and macros["TypicalFixedStepsLongest"] == "461"
    assert macros["TypicalScaledLengthShortest"] == "10" and macros["TypicalScaledStepsLongest"] == "8"


def test_controls():
    """Fails if a positive control that does not follow, or a negative one that does, is passed over."""
    verdicts = []
    for follows in ((True, True, False, False), (True, False, False, True)):
        macros = Macros()
        control_numbers(macros, controls_table(follows))
        verdicts.append(macros["ControlsVerdict"])
    assert verdicts == [
        "every verdict is as it has to be",
        "the verdict on built exact and random is wrong",
    ]
