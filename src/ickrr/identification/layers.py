"""Identify the layers of a run's models: what each is named, and what families add to each other."""

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from ickrr.comparison.probed_model import probe
from ickrr.comparison.resamples import Resamples
from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.errors import FileError
from ickrr.identification.attribution import attribute
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import Problem
from ickrr.identification.tables import attribution_table, encompassing_table
from ickrr.identification.uneven import compared, most_uneven
from ickrr.model.transformer import Transformer
from ickrr.progress import track

Array = npt.NDArray[np.float64]

TABLES: Final = ("attribution", "encompassing", "uneven")
DIVERGED: Final = (
    "all of its models diverged, so that no layer can be identified; take it out of the figures and tables "
    "of config.yaml that show its identification"
)
SNAPSHOT_TABLES: Final = ("snapshot_attribution", "snapshot_encompassing")


def predicted(
    model: Transformer, fit: Mapping[str, Array], problem: Problem, settings: ProbeSettings
) -> Array:
    """Return what a model predicts from its layers 1..L and, last, by its own readout, (L+1, B, N+1).

    Args:
        model: the model.
        fit: stored prompts that the readouts are fitted to, as in the comparison with solvers.
        problem: prompts that are predicted.
        settings: of the readouts.
    """
    read = probe(model, fit, {"x": problem.x, "y": problem.y}, settings, "fitted")
    layers: Array = torch.cat([read["layers"][1:], read["output"][None]]).numpy()
    return layers


def identification_tables(
    run: RunSettings,
    candidates: Candidates,
    models: Mapping[int, Array],
    settings: IdentificationSettings,
    statistics: StatisticsSettings,
) -> dict[str, pd.DataFrame]:
    """Return the tables `TABLES` of a run.

    Args:
        run: the run.
        candidates: the families on the prompts that were predicted.
        models: what the models predict, by seed; see `predicted`. Those that diverged are left out.
        settings: margin, and share of the prompts that are also looked at alone.
        statistics: draws and level of the intervals, and which layers count.

    Raises:
        FileError: all models diverged.
    """
    models = _finite(run, models)
    few = most_uneven(candidates.problem, settings.uneven_share)
    alone = candidates.on(candidates.problem.part(few))
    uneven = {
        seed: [compared(alone, layer[few]) for layer in layers[:, :, candidates.lengths]]
        for seed, layers in models.items()
    }
    resamples = _resamples(len(few), len(models), statistics)
    counted = statistics.counted(run.model.layers)
    return {
        **attributed(run, candidates, models, settings, statistics, f"models of {run.name}"),
        "uneven": encompassing_table(run.name, uneven, counted, resamples),
    }


def snapshot_tables(
    run: RunSettings,
    candidates: Candidates,
    snapshots: Mapping[int, Mapping[int, Array]],
    settings: IdentificationSettings,
    statistics: StatisticsSettings,
) -> dict[str, pd.DataFrame]:
    """Return the tables `SNAPSHOT_TABLES` of a run: `attribution` and `encompassing` with a column `step`.

    Args:
        run: the run.
        candidates: the families on the prompts that were predicted.
        snapshots: by step of the training, what the models predict, by seed; see `predicted`. Steps at
            which a seed has diverged are left out: means over other seeds would be of other trainings.
        settings: margin.
        statistics: draws and level of the intervals, and which layers count.

    Raises:
        FileError: there is no step at which no model has diverged.
    """
    seeds = max(map(len, snapshots.values()))
    whole = {
        step: models for step, models in snapshots.items() if len(models) == seeds and _all_finite(models)
    }
    if not whole:
        raise FileError(f"run '{run.name}': {DIVERGED}")
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in SNAPSHOT_TABLES}
    for step, models in whole.items():
        label = f"models of {run.name} after {step} steps"
        found = attributed(run, candidates, models, settings, statistics, label)
        for name, table in found.items():
            table.insert(1, "step", step)
            parts[f"snapshot_{name}"].append(table)
    return {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}


def attributed(
    run: RunSettings,
    candidates: Candidates,
    models: Mapping[int, Array],
    settings: IdentificationSettings,
    statistics: StatisticsSettings,
    label: str,
) -> dict[str, pd.DataFrame]:
    """Return the tables `attribution` and `encompassing` of some models of a run.

    Args:
        run: the run.
        candidates: the families on the prompts that were predicted.
        models: what the models predict, by seed; see `predicted`.
        settings: margin.
        statistics: draws and level of the intervals, and which layers count.
        label: of the progress.
    """
    seeds = list(models)
    found = {}
    for index in track(len(seeds), label):
        layers = models[seeds[index]][:, :, candidates.lengths]  # (L+1, B, C)
        found[seeds[index]] = [
            attribute(candidates, layer, settings.margin, statistics.confidence) for layer in layers
        ]
    added = {seed: [one.additions for one in each] for seed, each in found.items()}
    counted = statistics.counted(run.model.layers)
    resamples = _resamples(len(candidates.problem.y), len(seeds), statistics)
    return {
        "attribution": attribution_table(run.name, found, counted),
        "encompassing": encompassing_table(run.name, added, counted, resamples),
    }


def _finite(run: RunSettings, models: Mapping[int, Array]) -> dict[int, Array]:
    """Return the models that did not diverge.

    Raises:
        FileError: all models diverged.
    """
    finite = {seed: layers for seed, layers in models.items() if np.isfinite(layers).all()}
    if not finite:
        raise FileError(f"run '{run.name}': {DIVERGED}")
    return finite


def _all_finite(models: Mapping[int, Array]) -> bool:
    return all(bool(np.isfinite(layers).all()) for layers in models.values())


def _resamples(prompts: int, seeds: int, statistics: StatisticsSettings) -> Resamples:
    return Resamples(prompts, seeds, statistics.bootstrap_draws, statistics.seed, statistics.confidence)
