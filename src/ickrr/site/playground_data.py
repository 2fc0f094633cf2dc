"""What the playground computes with: the trained model of a line, its probe, and what its layers match."""

import base64
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import torch

from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.probe import Readouts
from ickrr.comparison.similarity import first_maximum, weighted_maps
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.entries import LAWS
from ickrr.errors import FileError
from ickrr.io.checks import Array
from ickrr.model.block import LAYER_NORM_EPSILON
from ickrr.model.size import hidden_width
from ickrr.model.transformer import Transformer
from ickrr.site.playground_files import SOLVER
from ickrr.tasks import JITTER, kernel_matrix, posterior

RIDGES: Final = np.geomspace(1e-4, 1e3, 57)
"""Ridges of converged kernel ridge regression, the null: one is chosen for each layer."""


@dataclass(frozen=True)
class Evaluation:
    """Evaluation prompts and what the model makes of them.

    Attributes:
        x: inputs, (B, N+1, 1).
        y: labels, (B, N+1).
        posterior_mean: (B, N+1).
        layers: predictions of layers 0..L by the probe, (L+1, B, N+1).
        output: predictions of the model itself, (B, N+1).
    """

    x: Array
    y: Array
    posterior_mean: Array
    layers: Array
    output: Array


def model_data(model: Transformer, readouts: Readouts) -> dict[str, Any]:
    """Return weights and probe in the form that transformer.js takes.

    Args:
        model: a model of a run that the scripts can compute.
        readouts: of its layers.

    Returns:
        `sizes`; `tensors`, the shape of each in the order of the state dict; `weights`, all of them as base64
        of little-endian float32; and `probe`, `weights` (L+1, width) and `biases` (L+1).
    """
    state = model.state_dict()
    numbers = torch.cat([tensor.flatten() for tensor in state.values()]).cpu().numpy().astype("<f4")
    return {
        "sizes": {
            "layers": model.settings.layers,
            "width": model.settings.width,
            "heads": model.settings.heads,
            "hidden": hidden_width(model.settings),
            "context_length": model.context_length,
            "epsilon": LAYER_NORM_EPSILON,
        },
        "tensors": {name: list(tensor.shape) for name, tensor in state.items()},
        "weights": base64.b64encode(numbers.tobytes()).decode("ascii"),
        "probe": {"weights": readouts.weights.tolist(), "biases": readouts.biases.tolist()},
    }


def task_data(run: RunSettings, solvers: SolverSettings) -> dict[str, float]:
    """Return what prior, posterior and solver need; inputs are uniform on [-end, end]."""
    return {
        "end": LAWS.load(run.task.law).LINE,
        "lengthscale": run.task.lengthscale,
        "noise_std": run.task.noise_std,
        "smallest_ridge": JITTER,
        "omega": solvers.omega,
    }


def solver_matches(matches: pd.DataFrame, run: str, seed: int) -> dict[str, list[Any]]:
    """Return the step that each layer 0..L matches best, its similarity, and whether it is the last one.

    Args:
        matches: table `matches` of the run.
        run: name of the run.
        seed: seed of the model.

    Raises:
        FileError: the table has no such rows.
    """
    rows = matches[(matches["run"] == run) & (matches["seed"] == seed) & (matches["solver"] == SOLVER)]
    if rows.empty:
        raise FileError(
            f"table matches of run '{run}': has no rows of seed {seed} and solver '{SOLVER}'; "
            f"add the solver to solvers.headline and run snakemake again"
        )
    rows = rows.sort_values("layer")
    steps = [None if np.isnan(step) else int(step) for step in rows["best_step"]]
    return {"step": steps, "similarity": _numbers(rows["similarity"]), "censored": rows["censored"].tolist()}


def null_matches(run: RunSettings, evaluation: Evaluation) -> dict[str, list[Any]]:
    """Return the ridge of converged kernel ridge regression that each layer 0..L matches best.

    It is chosen as the solver's step is, by the largest similarity of errors on the evaluation prompts.
    """
    kernel = kernel_matrix(run.task, torch.from_numpy(evaluation.x))  # (B, N+1, N+1)
    labels = torch.from_numpy(evaluation.y)
    path = np.stack([posterior(kernel, labels, float(ridge))[0].numpy() for ridge in RIDGES])  # (R, B, N+1)
    once = resample_weights(len(labels), 0, 0)  # (1, B): every prompt counts once
    maps = weighted_maps(evaluation.layers, path, evaluation.y, evaluation.posterior_mean, once)
    best = first_maximum(maps.similarity[0])  # (L+1)
    found = [None if np.isnan(index) else int(index) for index in best]
    return {
        "ridge": [None if index is None else float(RIDGES[index]) for index in found],
        "similarity": _numbers(np.fmax.reduce(maps.similarity[0], axis=-1)),
        "censored": [index in (0, len(RIDGES) - 1) for index in found],
    }


def typical_distances(evaluation: Evaluation) -> dict[str, Any]:
    """Return root mean square distances to the posterior mean over the evaluation prompts.

    Returns:
        `layers` (L+1, N+1) of the probe, and `output` (N+1) of the model's own predictions.
    """

    def distance(predictions: Array) -> list[float | None]:
        return _numbers(np.sqrt(np.square(predictions - evaluation.posterior_mean).mean(axis=0)))

    return {
        "layers": [distance(layer) for layer in evaluation.layers],
        "output": distance(evaluation.output),
    }


def playground_data(
    run: RunSettings,
    seed: int,
    model: Transformer,
    readouts: Readouts,
    evaluation: Evaluation,
    matches: pd.DataFrame,
    solvers: SolverSettings,
) -> dict[str, Any]:
    """Return everything that the playground computes with.

    Args:
        run: a run that the scripts can compute.
        seed: seed of the model.
        model: its model.
        readouts: of the model's layers.
        evaluation: prompts, and the model's predictions of them.
        matches: table `matches` of the run.
        solvers: settings of the solver.

    Raises:
        FileError: the table lacks the solver.
    """
    return {
        "run": run.name,
        "seed": seed,
        "training_steps": run.training.steps,
        "task": task_data(run, solvers),
        "model": model_data(model, readouts),
        "solver": solver_matches(matches, run.name, seed),
        "null": null_matches(run, evaluation),
        "typical": typical_distances(evaluation),
    }


def _numbers(values: Any) -> list[float | None]:
    """Return plain numbers, None where one is not finite (a layer of a model that diverged)."""
    return [float(value) if np.isfinite(value) else None for value in values]
