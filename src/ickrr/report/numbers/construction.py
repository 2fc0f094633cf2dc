r"""Numbers of the hand-built models, as macros.

``\ConstructionCells Verified TheoryOnly BeyondFloat Prompts WorstShare Verdict``: the grid;
``\Rate<Ridge><Quantity><Against>``, estimates, ``Eps``, ``N``, ``LogEps`` or ``Folds``.
``\ContractionSpectra ShortestN LongestN ContractionVerdict PlainDivergenceSmall PlainDivergenceLarge``; at
the middle lengthscale and fixed ridge ``\FixedGapShortest`` .. ``\ScaledGapLongest`` (median of 1 - rho,
sphere), ``\GapShareShortest GapShareLongest`` (percent of its prompts), ``\GapShare<Law>`` of each other law
(at the longest) and ``\GapRate..`` (median of 1 - rate).
``\ControlsVerdict``, ``\Control<Name>StepError Layers Slope Dissimilarity Distance Follows``.
"""

from typing import Final

import numpy as np
import pandas as pd

from ickrr.entries import LAWS
from ickrr.report.formatting import camel_case, joined
from ickrr.report.load import Tables, load_other
from ickrr.report.numbers.macros import Macros

AGAINST: Final = {"log(1/eps)": "LogEps", "1/eps": "Eps", "N": "N", "e-folds": "Folds"}
SLACK: Final = 1e-9  # rounding of an eigenvalue


def construction_numbers(macros: Macros, tables: Tables) -> None:
    """Add all of them.

    Raises:
        FileError: a table is missing or lacks a column.
    """
    grid_numbers(macros, load_other(tables, "construction/cells"), load_other(tables, "construction/rates"))
    contraction_numbers(macros, load_other(tables, "construction/contraction"))
    control_numbers(macros, load_other(tables, "construction/controls"))


def grid_numbers(macros: Macros, cells: pd.DataFrame, rates: pd.DataFrame) -> None:
    """Add what became of the verification grid, and the exponents."""
    verified = cells[cells["status"] == "verified"]
    macros.add("ConstructionCells", str(len(cells)))
    macros.add("ConstructionVerified", str(len(verified)))
    macros.add("ConstructionTheoryOnly", str(int((cells["status"] == "theory only").sum())))
    macros.add("ConstructionBeyondFloat", str(int((cells["status"] == "beyond float64").sum())))
    macros.add("ConstructionPrompts", str(int(verified["prompts"].sum())))
    macros.value("ConstructionWorstShare", float((verified["error"] / verified["accuracy"]).max()))
    failed = int((~verified["passed"]).sum())
    clause = "every one of them keeps every bound" if failed == 0 else f"{failed} of them break a bound"
    macros.add("ConstructionVerdict", clause)
    for row in rates.to_dict("records"):
        name = f"Rate{camel_case(row['name'])}{camel_case(row['quantity'])}{AGAINST[row['against']]}"
        macros.estimate(name, row["value"], row["low"], row["high"])


def contraction_numbers(macros: Macros, contraction: pd.DataFrame) -> None:
    """Add what the measured contraction factors say."""
    shortest, longest = int(contraction["context_length"].min()), int(contraction["context_length"].max())
    macros.add("ContractionSpectra", str(len(contraction)))
    macros.add("ShortestN", str(shortest))
    macros.add("LongestN", str(longest))
    with_ridge = contraction[contraction["preconditioner"] == "ridge"]
    broken = int((with_ridge["factor"] > with_ridge["bound"] + SLACK).sum())
    macros.add("ContractionVerdict", "on none of them" if broken == 0 else f"on {broken} of them")
    plain = contraction[contraction["preconditioner"] == "kernel"]
    for name, part in (("Small", plain[plain["bound"] < 1]), ("Large", plain[plain["bound"] >= 1])):
        macros.value(f"PlainDivergence{name}", 100 * float((part["factor"] >= 1).mean()))
    lengthscale = _middle(with_ridge["lengthscale"])
    case = with_ridge[(with_ridge["family"] == "spherical") & (with_ridge["lengthscale"] == lengthscale)]
    macros.value("ContractionLengthscale", lengthscale)
    for scaling in ("fixed", "scaled"):
        rows = case[case["scaling"] == scaling]
        ridge = _middle(rows["ridge"]) if scaling == "fixed" else float(rows["ridge"].min())
        macros.value(f"Contraction{camel_case(scaling)}Ridge", ridge)
        for name, length in (("Shortest", shortest), ("Longest", longest)):
            chosen = rows[(rows["ridge"] == ridge) & (rows["context_length"] == length)]
            macros.value(f"{camel_case(scaling)}Gap{name}", float((1 - chosen["factor"]).median()))
            if scaling == "fixed":
                share = float((chosen["factor"] <= chosen["gap_rate"]).mean())
                macros.add(f"GapShare{name}", f"{100 * share:.0f}")
                macros.value(f"GapRate{name}", float((1 - chosen["gap_rate"]).median()))
    others = with_ridge[
        (with_ridge["lengthscale"] == lengthscale)
        & (with_ridge["scaling"] == "fixed")
        & (with_ridge["context_length"] == longest)
    ]
    for law in (name for name in others["family"].unique() if name in LAWS and name != "spherical"):
        rows = others[others["family"] == law]
        chosen = rows[rows["ridge"] == _middle(rows["ridge"])]
        share = float((chosen["factor"] <= chosen["gap_rate"]).mean())
        macros.add(f"GapShare{camel_case(law)}", f"{100 * share:.0f}")
        macros.value(f"GapRate{camel_case(law)}", float((1 - chosen["gap_rate"]).median()))


def control_numbers(macros: Macros, controls: pd.DataFrame) -> None:
    """Add the verdict: those read by their own readout must follow, the random one must not."""
    positive = controls[(controls["kind"] != "random") & (controls["readout"] == "own")]
    negative = controls[controls["kind"] == "random"]
    wrong = [str(name) for name in positive.loc[~positive["follows"], "control"]]
    wrong += [str(name) for name in negative.loc[negative["follows"], "control"]]
    named = joined([name.replace("_", " ") for name in wrong])
    clause = f"the verdict on {named} is wrong" if wrong else "every verdict is as it has to be"
    macros.add("ControlsVerdict", clause)
    for row in controls.to_dict("records"):
        name = f"Control{camel_case(row['control'])}"
        macros.add(f"{name}StepError", str(row["step_error"]))
        macros.add(f"{name}Layers", str(row["layers"]))
        macros.value(f"{name}Dissimilarity", float(row["dissimilarity"]))
        macros.value(f"{name}Distance", float(row["distance"]))
        macros.add(f"{name}Slope", f"{round(float(row['slope']), 2) + 0.0:.2f}")
        macros.add(f"{name}Follows", "follows" if row["follows"] else "does not follow")


def _middle(values: pd.Series) -> float:
    found = np.sort(values.unique())
    return float(found[len(found) // 2])
