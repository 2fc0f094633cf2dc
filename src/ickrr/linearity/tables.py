"""Tables of how linear layers are, and of their filters, beside those of algorithms."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ickrr.comparison.probe import fit_readouts
from ickrr.comparison.resamples import Resamples
from ickrr.config.linearity import LinearitySettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.families import KRYLOV_STEPS, Candidates
from ickrr.io.checks import Array as Stored
from ickrr.linearity.filters import FilterFits, filter_columns, knots_of
from ickrr.linearity.responses import Responses, conjugate_predictor, layer_predictor, other_labels
from ickrr.model.placed import PlacedModel
from ickrr.model.transformer import Transformer
from ickrr.randomness import torch_generator
from ickrr.row_keys import NO_SEED
from ickrr.tasks import kernel_matrix

Array = npt.NDArray[np.float64]

TABLES: Final = ("linearity", "filters")
LAYER: Final = "layer"
CONJUGATE: Final = "CG"
BESIDE: Final = ("PR", "PR closed", "R", "Newton", "CG", "ridge", "smoother")
"""Families whose nearest member has its filter beside that of the layer."""


def linearity_tables(
    run: RunSettings,
    models: Mapping[int, Transformer],
    fit: Mapping[str, Stored],
    candidates: Candidates,
    settings: LinearitySettings,
    probe: ProbeSettings,
    statistics: StatisticsSettings,
) -> dict[str, pd.DataFrame]:
    """Return the tables of `TABLES`.

    Args:
        run: the run of the models.
        models: by seed.
        fit: prompts that readouts are fitted to.
        candidates: the families on the evaluation prompts that are looked at.
        settings: knots, chunks, the seed of the second labels.
        probe: settings of the readouts.
        statistics: draws and level of the intervals.
    """
    problem, lengths = candidates.problem, candidates.lengths
    x, y = torch.from_numpy(problem.x), torch.from_numpy(problem.y)
    second = other_labels(
        kernel_matrix(run.task, x),
        problem.ridge,
        torch_generator(settings.seed, "second labels", run.task_name),
    )

    def kernel(points: torch.Tensor) -> torch.Tensor:
        return kernel_matrix(run.task, points)

    def respond(predict: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> Responses:
        return Responses.of(predict, x, (y, second), lengths, settings.chunk_prompts)

    conjugate = respond(conjugate_predictor(kernel, problem.ridge, KRYLOV_STEPS))
    filters = FilterFits(filter_columns(candidates.spectrum("PR"), knots_of(settings)), statistics)
    errors: list[Mapping[str, tuple[Array, Array]]] = []
    beside: list[Mapping[str, tuple[Array, Array]]] = []
    rows: list[dict[str, object]] = []
    for seed, model in models.items():
        placed = PlacedModel(model)
        readouts = fit_readouts(placed.streams, *placed.place(fit), probe)
        found = respond(layer_predictor(model, readouts))
        errors.append(found.errors())
        layers = found.plain[0]  # (L+1, B, C)
        beside.append(_stacked([_conjugate_errors(conjugate, candidates, layer) for layer in layers]))
        rows += [
            {"run": run.name, "seed": seed, **row}
            for row in filter_rows(candidates, filters, layers, settings)
        ]
    resamples = Resamples(
        len(problem.y), len(models), statistics.bootstrap_draws, statistics.seed, statistics.confidence
    )
    linear = [
        {"run": run.name, **row}
        for method, each in ((LAYER, errors), (CONJUGATE, beside))
        for row in linearity_rows(method, list(models), each, statistics.counted(run.model.layers), resamples)
    ]
    return {"linearity": pd.DataFrame(linear), "filters": pd.DataFrame(rows)}


def _conjugate_errors(
    conjugate: Responses, candidates: Candidates, layer: Array
) -> Mapping[str, tuple[Array, Array]]:
    """Return the errors of conjugate gradients at the steps that are nearest to a layer, (1, B) each."""
    return conjugate.interpolated(candidates.fit(CONJUGATE, layer).parameters).errors()


def _stacked(layers: Sequence[Mapping[str, tuple[Array, Array]]]) -> Mapping[str, tuple[Array, Array]]:
    """Join errors of one layer each, (1, B), to (M, B)."""
    return {
        name: (
            np.concatenate([one[name][0] for one in layers]),
            np.concatenate([one[name][1] for one in layers]),
        )
        for name in layers[0]
    }


def linearity_rows(
    method: str,
    seeds: Sequence[int],
    errors: Sequence[Mapping[str, tuple[Array, Array]]],
    counted: slice,
    resamples: Resamples,
) -> Iterator[dict[str, object]]:
    """Yield the relative errors of each layer, of every seed and their mean.

    Args:
        method: `LAYER`, or the algorithm at its steps that are nearest to the layers.
        seeds: of the models.
        errors: of each seed, squared errors and sizes of each prompt, (M, B), by quantity.
        counted: which of the layers 1..L count, see `StatisticsSettings.counted`.
        resamples: of prompts and seeds.
    """
    for quantity in errors[0]:
        for index in range(len(errors[0][quantity][0])):
            squares, sizes = (np.stack([one[quantity][part][index] for one in errors]) for part in (0, 1))
            with np.errstate(
                invalid="ignore"
            ):  # NaN where conjugate gradients are at step 0, which predicts 0
                draws = np.sqrt(resamples.means(squares) / resamples.means(sizes))  # (1 + draws, seeds)
            means = [(NO_SEED, resamples.over_seeds(draws)), *zip(seeds, draws.T, strict=True)]
            for seed, drawn in means:
                yield {
                    "seed": seed,
                    "layer": index + 1,
                    "counted": counted.start <= index < counted.stop,
                    "method": method,
                    "quantity": quantity,
                    **resamples.estimate(drawn),
                }


def filter_rows(
    candidates: Candidates, filters: FilterFits, layers: Array, settings: LinearitySettings
) -> Iterator[dict[str, object]]:
    """Yield the filter of each layer, and beside it those of the nearest members of families.

    Args:
        candidates: the families.
        filters: fits filters on the same prompts.
        layers: predictions of layers 1..L and of the model's own readout, (L+1, B, C).
        settings: the knots.
    """
    for number, layer in enumerate(layers, start=1):
        own = filters.fit(layer)
        for method in (LAYER, *BESIDE):
            found = own if method == LAYER else filters.fit(candidates.fit(method, layer).prediction)
            apart = filters.apart(own.values, found.values, layer)
            for index, eigenvalue in enumerate(knots_of(settings)):
                yield {
                    "layer": number,
                    "method": method,
                    "eigenvalue": float(eigenvalue),
                    "value": float(found.values[index]),
                    "low": float(found.low[index]),
                    "high": float(found.high[index]),
                    "left": found.left,
                    "apart": apart,
                }
