"""The verification grid: a cell for each accuracy, context length and ridge, as rows of tidy tables."""

from dataclasses import asdict
from typing import Any, Final, NamedTuple

from ickrr.config.constructions import RidgeSettings, VerificationSettings
from ickrr.constructions.richardson.adversaries import all_prompts, few_of_each
from ickrr.constructions.richardson.assembly import prediction_step
from ickrr.constructions.richardson.bounds import truncation_error
from ickrr.constructions.richardson.design import Certificate, design
from ickrr.constructions.richardson.problem import Problem, effective_ridge, spectrum
from ickrr.constructions.richardson.prompts import Prompts
from ickrr.constructions.richardson.relu_model import build
from ickrr.constructions.richardson.status import BEYOND_FLOAT64, TOO_DEEP, VERIFIED
from ickrr.constructions.richardson.verification import Check, check, smallest_width
from ickrr.errors import ConstructionError

Row = dict[str, Any]

FEW: Final = 2  # prompts of a family on which widths are tried
NOTHING: Final = float("nan")


KEY: Final = ("name", "scaling", "ridge", "context_length", "accuracy")
COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "cells": KEY,
    "layers": (*KEY, "layer", "step", "error", "iterate_error", "bound"),
    "widths": (*KEY, "width", "error"),
    "families": (*KEY, "family", "error"),
}
"""Columns of tables without rows: where no model could be run, no row names them."""


class Tables(NamedTuple):
    """Rows of the grid.

    Attributes:
        cells: a row for each cell: what the theory asks for and promises, and what was measured.
        layers: measured error and bound after every block.
        widths: error of every width that was tried.
        families: measured error of each kind of prompt.
    """

    cells: list[Row]
    layers: list[Row]
    widths: list[Row]
    families: list[Row]


def problem_of(settings: VerificationSettings, ridge: RidgeSettings, context_length: int) -> Problem:
    """Return the problem of a cell."""
    return Problem(
        dimension=settings.dimension,
        context_length=context_length,
        lengthscale=settings.lengthscale,
        ridge=effective_ridge(ridge.scaling, ridge.value, context_length),
        input_bound=settings.input_bound,
        label_bound=settings.label_bound,
    )


def verify_cell(
    settings: VerificationSettings, name: str, context_length: int, accuracy: float, tables: Tables
) -> None:
    """Design, build, run and check one cell, and append its rows.

    Where the model is too deep, or float64 cannot guarantee the accuracy, the row holds the theory alone.
    """
    ridge = settings.ridges[name]
    problem = problem_of(settings, ridge, context_length)
    key: Row = {
        "name": name,
        "scaling": ridge.scaling,
        "ridge": ridge.value,
        "context_length": context_length,
        "accuracy": accuracy,
    }
    try:
        certificate = design(problem, accuracy)
    except ConstructionError:
        certificate = design(problem, accuracy, allow_rounding=True)
        tables.cells.append({**key, "status": BEYOND_FLOAT64, **_theory(certificate), **_NOT_MEASURED})
        return
    if certificate.depth > settings.largest_depth:
        tables.cells.append({**key, "status": TOO_DEEP, **_theory(certificate), **_NOT_MEASURED})
        return
    prompts = all_prompts(problem, settings.prompts_at(context_length), certificate.steps, settings.seed)
    chunk = max(1, settings.chunk_points // context_length)
    measured = check(build(certificate), certificate, prompts, chunk)
    cell = {
        **key,
        "status": VERIFIED,
        **_theory(certificate),
        "prompts": len(prompts.families),
        "error": measured.error,
        "iterate_error": measured.iterate_error,
        "smallest_steps": measured.smallest_steps(accuracy),
        "smallest_width": -1,
        "passed": measured.error <= accuracy and measured.iterate_error <= certificate.layer,
    }
    if cell["passed"] and context_length <= settings.bisection_context_length:
        cell["smallest_width"] = _search(settings, certificate, accuracy, measured, prompts, key, tables)
    tables.cells.append(cell)
    tables.families.extend(_families(key, prompts, measured))
    tables.layers.extend(_layers(key, certificate, measured))


def broken_promises(cells: list[Row]) -> list[str]:
    """Return a line for each model that was run and breaks a bound which the theory promises."""
    return [
        f"N = {row['context_length']}, eps = {row['accuracy']:g}: error {row['error']:.3g}, "
        f"iterates off by {row['iterate_error']:.3g}, allowed {row['layer_bound']:.3g}"
        for row in cells
        if row["status"] == VERIFIED and not row["passed"]
    ]


def _search(
    settings: VerificationSettings,
    certificate: Certificate,
    accuracy: float,
    measured: Check,
    prompts: Prompts,
    key: Row,
    tables: Tables,
) -> int:
    chunk = max(1, settings.chunk_points // certificate.problem.context_length)
    few = few_of_each(prompts, FEW)
    trials = smallest_width(certificate, accuracy, measured.error, few, chunk)
    tables.widths.extend({**key, "width": trial.width, "error": trial.error} for trial in trials)
    return min(trial.width for trial in trials if trial.error <= accuracy)


def _theory(certificate: Certificate) -> Row:
    return {
        "steps": certificate.steps,
        "depth": certificate.depth,
        "width": certificate.width,
        "iterate_bound": certificate.ranges.iterate,
        "contraction": certificate.contraction,
        "bound": certificate.total,
        "bias_bound": certificate.bias,
        "truncation_bound": certificate.truncation,
        "layer_bound": certificate.layer,
        "rounding_bound": certificate.rounding,
        **{f"units_{name}": value for name, value in asdict(certificate.units).items()},
    }


_NOT_MEASURED: Row = {
    "prompts": 0,
    "error": NOTHING,
    "iterate_error": NOTHING,
    "smallest_steps": -1,
    "smallest_width": -1,
    "passed": False,
}


def _families(key: Row, prompts: Prompts, measured: Check) -> list[Row]:
    worst: dict[str, float] = {}
    for family, error in zip(prompts.families, measured.outputs.tolist(), strict=True):
        worst[family] = max(worst.get(family, 0.0), error)
    return [{**key, "family": family, "error": error} for family, error in worst.items()]


def _layers(key: Row, certificate: Certificate, measured: Check) -> list[Row]:
    shape = spectrum(certificate.problem)
    rows = []
    for layer, (error, distance) in enumerate(
        zip(measured.layers.tolist(), measured.iterates.tolist(), strict=True)
    ):
        step = prediction_step(layer)
        truncation = truncation_error(certificate.problem, shape, step) if step else NOTHING
        bound = certificate.bias + certificate.layer + truncation
        rows.append(
            {**key, "layer": layer, "step": step, "error": error, "iterate_error": distance, "bound": bound}
        )
    return rows
