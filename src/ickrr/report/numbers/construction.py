"""Numbers of the hand-built models: the verification grid, the contraction factors, the controls."""

from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np
import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import camel_case, fixed, joined, setting_number
from ickrr.report.load import Tables, load_other, load_summary
from ickrr.report.numbers.macros import Macros

AGAINST: Final = {"log(1/eps)": "LogEps", "1/eps": "Eps", "N": "N", "e-folds": "Folds"}
SLACK: Final = 1e-9  # rounding of an eigenvalue


def construction_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add all of them.

    Raises:
        FileError: a table is missing or lacks a column.
    """
    grid_numbers(macros, load_other(tables, "construction/cells"), load_other(tables, "construction/rates"))
    laws = experiment.constructions.contraction.laws
    contraction_numbers(macros, load_other(tables, "construction/contraction"), laws)
    typical_numbers(macros, load_summary(tables, "construction/summary"))
    control_numbers(macros, load_other(tables, "construction/controls"))


def grid_numbers(macros: Macros, cells: pd.DataFrame, rates: pd.DataFrame) -> None:
    """Add what became of the verification grid, and the exponents."""
    verified = cells[cells["status"] == "verified"]
    macros.add("ConstructionCells", str(len(cells)))
    macros.add("ConstructionVerified", str(len(verified)))
    macros.add("ConstructionTheoryOnly", str(int((cells["status"] == "theory only").sum())))
    macros.add("ConstructionBeyondFloat", str(int((cells["status"] == "beyond float64").sum())))
    macros.add("ConstructionPrompts", str(int(verified["prompts"].sum())))
    for quantity in ("steps", "width"):
        ends = verified[quantity]
        macros.value(f"ConstructionLeast{camel_case(quantity)}", int(ends.min()))
        macros.value(f"ConstructionMost{camel_case(quantity)}", int(ends.max()))
    macros.value("ConstructionWorstShare", float((verified["error"] / verified["accuracy"]).max()))
    failed = int((~verified["passed"]).sum())
    clause = "every one of them keeps every bound" if failed == 0 else f"{failed} of them break a bound"
    macros.add("ConstructionVerdict", clause)
    for row in rates.to_dict("records"):
        name = f"Rate{camel_case(row['name'])}{camel_case(row['quantity'])}{AGAINST[row['against']]}"
        macros.estimate(name, row["value"], row["low"], row["high"])


def typical_numbers(macros: Macros, summary: pd.DataFrame) -> None:
    """Add the steps that typical prompts take at the shortest and the longest context of the grid."""
    rows = summary[summary["quantity"] == "typical_steps"]
    for name, cells in rows.groupby("subject", sort=False):
        steps = cells.set_index(cells["setting"].astype(int))["value"].sort_index()
        for place, length in (("Shortest", steps.index[0]), ("Longest", steps.index[-1])):
            macros.add(f"Typical{camel_case(str(name))}Steps{place}", str(int(steps[length])))
            macros.add(f"Typical{camel_case(str(name))}Length{place}", str(length))


def contraction_numbers(macros: Macros, contraction: pd.DataFrame, laws: Sequence[str]) -> None:
    """Add what the measured contraction factors say, of all prompts and of those of each law."""
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
    macros.add("ContractionLengthscale", setting_number(lengthscale))
    case = with_ridge[with_ridge["lengthscale"] == lengthscale]
    for scaling in ("fixed", "scaled"):
        rows = case[case["scaling"] == scaling]
        ridge = _middle(rows["ridge"]) if scaling == "fixed" else float(rows["ridge"].min())
        macros.add(f"Contraction{camel_case(scaling)}Ridge", setting_number(ridge))
        for law, (name, length) in product(laws, (("Shortest", shortest), ("Longest", longest))):
            chosen = rows[
                (rows["family"] == law) & (rows["ridge"] == ridge) & (rows["context_length"] == length)
            ]
            place = f"{camel_case(law)}{name}"
            macros.value(f"{camel_case(scaling)}Gap{place}", float((1 - chosen["factor"]).median()))
            if scaling == "fixed":
                share = float((chosen["factor"] <= chosen["gap_rate"]).mean())
                macros.add(f"GapShare{place}", f"{100 * share:.0f}")
                macros.value(f"GapRate{place}", float((1 - chosen["gap_rate"]).median()))


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
        macros.value(f"{name}LeastSimilarity", 1 - float(row["dissimilarity"]))
        macros.value(f"{name}Distance", float(row["distance"]))
        macros.add(f"{name}Slope", fixed(float(row["slope"]), 2))
        macros.add(f"{name}Follows", "follows" if row["follows"] else "does not follow")


def _middle(values: pd.Series) -> float:
    found = np.sort(values.unique())
    return float(found[len(found) // 2])
