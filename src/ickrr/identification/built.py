"""Models that are built by hand as known cases: what a probe reads from their layers.

They run preconditioned Richardson iteration by construction, but hold much else in their streams, and a probe
that is fitted to labels reads of that what helps. So they show what the identification says of layers of
which the algorithm is known and the reading is that of trained models.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydantic import RootModel

from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.errors import FileError
from ickrr.identification.layers import predicted
from ickrr.identification.prompts import Problem
from ickrr.io.files import read_json
from ickrr.model.weights import load_model

Array = npt.NDArray[np.float64]


class BuiltRuns(RootModel[list[RunSettings]]):
    """The resolved runs of some controls that are built by hand."""


def built_layers(
    runs: BuiltRuns,
    weights: Sequence[Path],
    expected: Sequence[Path],
    fit: Problem,
    problem: Problem,
    probe: ProbeSettings,
    first_step: int,
) -> dict[str, Array]:
    """Return what probes read from the layers of built models, by model and step, (B, N+1).

    Args:
        runs: the models.
        weights: those of each model.
        expected: what each of them is, as `build_control` writes it; `setup` is the number of layers before
            the first step.
        fit: prompts that the probes are fitted to.
        problem: prompts that are predicted.
        probe: settings of the probes.
        first_step: smallest step that is a case.

    Raises:
        FileError: a file is missing, damaged, or of another model, or a model has too few layers.
    """
    cases: dict[str, Array] = {}
    for run, path, told in zip(runs.root, weights, expected, strict=True):
        model = load_model(path, run, None)
        *layers, _ = predicted(model, {"x": fit.x, "y": fit.y}, problem, probe)
        setup = int(read_json(told)["setup"])
        steps = dict(enumerate(layers[setup:], start=1))
        if max(steps, default=0) < first_step:
            raise FileError(
                f"{path}: has {len(layers)} layers, {setup} of them before the first step, so that there is "
                f"no step {first_step}; raise constructions.controls.{run.name}.model.layers"
            )
        cases |= {f"{run.name}, step {step}": layer for step, layer in steps.items() if step >= first_step}
    return cases
