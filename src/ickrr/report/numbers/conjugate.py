"""Numbers of the built conjugate gradients and of the projections to fewer channels."""

from typing import Final

import pandas as pd

from ickrr.config.conjugate_gradient import DIVERGED, PROJECTIONS
from ickrr.config.experiment import Experiment
from ickrr.report.formatting import camel_case, number, setting_number
from ickrr.report.load import Tables, load_other, summary_row
from ickrr.report.numbers.macros import Macros

FAMILIES: Final = ("well", "ill")
STACKS: Final = ("cg", "pcg")
ERRORS: Final = ("step_error", "twin_error", "local_error", "drift")


def conjugate_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add all of them.

    Raises:
        FileError: a table is missing, or lacks a column or a row.
    """
    solver_numbers(macros, experiment, load_other(tables, "metarep/cg"))
    projection_numbers(macros, experiment, load_other(tables, "metarep/width"))


def solver_numbers(macros: Macros, experiment: Experiment, summary: pd.DataFrame) -> None:
    """Add what the built conjugate gradients did."""
    settings = experiment.conjugate_gradient
    for name in ("dimension", "context_length", "prompts", "steps", "solver_steps", "tolerance", "at_rest"):
        macros.add(f"Cg{camel_case(name)}", setting_number(getattr(settings, name)))
    macros.value("CgErrorCut", DIVERGED)
    macros.add("CgBlocks", f"{summary_row(summary, 'blocks_per_step', 'cg', '').value:.0f}")
    macros.add("CgReluBlocks", f"{summary_row(summary, 'blocks_per_step', 'relu', '').value:.0f}")
    units = sorted(
        int(setting) for setting in summary.loc[summary["subject"] == "relu", "setting"] if setting
    )
    ends = {"Fewest": units[0], "Most": units[-1]}
    for name, count in ends.items():
        macros.add(f"ReluUnits{name}", str(count))
    for family in FAMILIES:
        place = camel_case(family)
        macros.value(f"Cg{place}Kappa", summary_row(summary, "condition_number", "kernel", family).value)
        macros.value(f"Cg{place}RateShare", summary_row(summary, "rate_share", "cg", family).value)
        for subject in STACKS:
            for error in ERRORS:
                found = summary_row(summary, error, subject, family).value
                macros.value(f"{camel_case(subject)}{place}{camel_case(error)}", found)
        for subject in (*STACKS, "richardson", "preconditioned_richardson"):
            macros.add(f"{camel_case(subject)}{place}Steps", steps_clause(summary, subject, family))
        for name, count in ends.items():
            final = summary_row(
                summary, "relu_error", "relu" if family == "well" else "relu_ill", str(count)
            ).value
            text = "diverged" if final >= DIVERGED else number(final)
            macros.add(f"Relu{place}Error{name}", text)


def steps_clause(summary: pd.DataFrame, subject: str, family: str) -> str:
    """Say how many steps a solver took in the median, or that the grid ended first."""
    found = summary_row(summary, "steps", subject, family).value
    capped = summary_row(summary, "steps_capped", subject, family).value
    return f"more than {found:g}" if capped >= 0.5 else f"{found:g}"


def projection_numbers(macros: Macros, experiment: Experiment, summary: pd.DataFrame) -> None:
    """Add what projections cost."""
    settings = experiment.width
    for name in ("dimension", "context_length", "seeds"):
        macros.add(f"Projection{camel_case(name)}", setting_number(getattr(settings, name)))
    macros.value("ProjectionStackGap", float(summary.loc[summary["quantity"] == "stack_gap", "value"].max()))
    ridges = sorted(settings.ridges)
    chosen = {"Small": ridges[0], "Middle": ridges[len(ridges) // 2], "Large": ridges[-1]}
    for name, ridge in chosen.items():
        place = f"Projection{name}"
        macros.add(f"{place}Ridge", setting_number(ridge))
        macros.value(
            f"{place}EffectiveDimension",
            summary_row(summary, "effective_dimension", "kernel", f"{ridge:g}").value,
        )
        for kind in PROJECTIONS:
            for quantity, setting in (("fall", f"{ridge:g}"), ("error", f"{ridge:g}@1")):
                macro = f"{place}{camel_case(kind)}{camel_case(quantity)}"
                macros.estimate(macro, *summary_row(summary, quantity, kind, setting))
