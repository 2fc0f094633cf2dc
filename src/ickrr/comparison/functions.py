"""Prediction curves on a line: one context, many query points, in the form of a tidy table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor

from ickrr.comparison.probed_model import ProbedModel
from ickrr.config.functions import FunctionSettings
from ickrr.config.run import RunSettings
from ickrr.entries import LAWS
from ickrr.errors import ConfigError
from ickrr.row_keys import NO_SEED

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Curves:
    """A family of curves x -> prediction, one for each step (a layer, an iteration).

    Attributes:
        seed: training seed, `ickrr.row_keys.NO_SEED` for curves without one.
        kind: ``layer``, ``solver``, ``posterior``, or ``context`` for the labelled points themselves.
        method: name of the predictor.
        x: query points, (G,).
        values: predictions, (S, G), S consecutive steps from 0; NaN where they are not finite.
        sd: standard deviation of f, (S, G); NaN for all but the posterior.
    """

    seed: int
    kind: str
    method: str
    x: Array
    values: Array
    sd: Array | None = None


def curve_table(run: str, prompt: int, context_length: int, curves: Curves) -> pd.DataFrame:
    """Curves of one prompt and context length, a row for each step and query point.

    Returns:
        Columns ``run, seed, prompt, context_length, kind, method, step, x, value, sd``.
    """
    steps, points = curves.values.shape
    sd = np.full(curves.values.shape, np.nan) if curves.sd is None else curves.sd
    return pd.DataFrame(
        {
            "run": run,
            "seed": curves.seed,
            "prompt": prompt,
            "context_length": context_length,
            "kind": curves.kind,
            "method": curves.method,
            "step": np.repeat(np.arange(steps), points),
            "x": np.tile(curves.x, steps),
            "value": np.where(np.isfinite(curves.values), curves.values, np.nan).ravel(),
            "sd": sd.ravel(),
        }
    )


def at_queries(x: Tensor, y: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Make one prompt a query point: the context, then the query with a label that nobody sees.

    Args:
        x: inputs of the context, (n).
        y: its labels, (n).
        grid: query points, (G).

    Returns:
        Inputs (G, n+1, 1) and labels (G, n+1), whose last is 0.
    """
    context = x.expand(len(grid), -1)  # (G, n)
    labels = torch.nn.functional.pad(y.expand(len(grid), -1), (0, 1))  # (G, n+1)
    return torch.cat([context, grid[:, None]], dim=1)[..., None], labels


def require_line(run: RunSettings, settings: FunctionSettings, prompts: int) -> None:
    """Refuse what cannot be traced.

    Raises:
        ConfigError: inputs are not on a line, or there are fewer prompts or pairs than asked for.
    """
    task = run.task
    if task.dimension != 1 or LAWS.load(task.law).LINE is None:
        raise ConfigError(
            f"run '{run.name}': its task '{run.task_name}' has dimension {task.dimension} and law "
            f"'{task.law}'; curves need dimension 1 and a law that fills an interval: take the run "
            "out of the figures that read the table 'functions', or give it such a task"
        )
    above = [n for n in settings.context_lengths if n > task.context_length]
    if above:
        raise ConfigError(
            f"functions.context_lengths: found {above}, but the task '{run.task_name}' has context_length "
            f"{task.context_length}; allowed: 1 to {task.context_length}"
        )
    if settings.prompts > prompts:
        raise ConfigError(
            f"functions.prompts: found {settings.prompts}, but there are {prompts} evaluation prompts; "
            "lower it, or raise prompts.evaluation"
        )


def trace_curves(
    run: RunSettings,
    settings: FunctionSettings,
    evaluation: Mapping[str, Array],
    models: Mapping[int, ProbedModel],
    references: Callable[[Tensor, Tensor], list[Curves]],
) -> pd.DataFrame:
    """Trace the first prompts at a few context lengths: context, references, and every layer of every model.

    Args:
        run: the run of the models; its inputs are on a line (`require_line`).
        settings: prompts, context lengths and query points.
        evaluation: prompts that give the contexts, `x` (B, N+1, 1) and `y` (B, N+1).
        models: of each seed.
        references: curves at the last of the points (G, n+1, 1) with labels (G, n+1).

    Returns:
        Columns as in `curve_table`.
    """
    end = LAWS.load(run.task.law).LINE
    grid = torch.linspace(-end, end, settings.grid, dtype=torch.float64)  # (G)
    tables = []
    for prompt in range(settings.prompts):
        for n in settings.context_lengths:
            x = torch.from_numpy(evaluation["x"][prompt, :n, 0])  # (n)
            y = torch.from_numpy(evaluation["y"][prompt, :n])  # (n)
            queries, labels = at_queries(x, y, grid)  # (G, n+1, 1), (G, n+1)
            curves = [
                Curves(NO_SEED, "context", "context", x.numpy(), y.numpy()[None]),
                *references(queries, labels),
                *(
                    Curves(seed, "layer", "transformer", grid.numpy(), model.layers(queries, labels))
                    for seed, model in models.items()
                ),
            ]
            tables += [curve_table(run.name, prompt, n, each) for each in curves]
    return pd.concat(tables, ignore_index=True)
