"""Replace the heads of all models of a run: the tables of the study."""

from collections.abc import Mapping
from typing import Final

import pandas as pd
import torch

from ickrr.comparison.probe import fit_readouts
from ickrr.comparison.resamples import Resamples
from ickrr.config.interventions import InterventionSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.errors import ConfigError
from ickrr.identification.families import Candidates
from ickrr.interventions.effects import Subject, permuted_points
from ickrr.interventions.plan import HeadSet, head_sets
from ickrr.interventions.replacing import layer_kernels
from ickrr.interventions.tables import Effect, head_rows, measure, restored_rows
from ickrr.io.checks import Array
from ickrr.model.placed import PlacedModel
from ickrr.model.transformer import Transformer
from ickrr.randomness import numpy_generator

TABLES: Final = ("heads", "replacements", "coefficients", "restored")


def intervention_tables(
    run: RunSettings,
    models: Mapping[int, Transformer],
    fit: Mapping[str, Array],
    evaluation: Mapping[str, Array],
    candidates: Candidates,
    settings: InterventionSettings,
    probe: ProbeSettings,
    statistics: StatisticsSettings,
) -> dict[str, pd.DataFrame]:
    """Return the tables of `TABLES`.

    Args:
        run: the run of the models.
        models: by seed.
        fit: prompts that readouts and kernels are fitted to.
        evaluation: prompts of which the first are predicted.
        candidates: the families on these.
        settings: of the replacement.
        probe: settings of the readouts.
        statistics: draws and level of the intervals.

    Raises:
        ConfigError: the attention of the run is not softmax, or has a sink.
    """
    if run.model.attention != "softmax" or run.model.sink:
        raise ConfigError(
            f"run '{run.name}': its attention is {run.model.attention}{' with a sink' * run.model.sink}; "
            "heads are replaced by normalised kernels only where it is softmax over the tokens of the prompt"
        )
    count, level = len(candidates.problem.y), statistics.confidence
    one, every = (
        Resamples(count, seeds, statistics.bootstrap_draws, statistics.seed, level)
        for seeds in (1, len(models))
    )
    rows: dict[str, list[dict[str, object]]] = {name: [] for name in TABLES}
    effects: dict[int, list[Effect]] = {}
    for seed, model in models.items():
        subject = _subject(model, fit, evaluation, settings, probe, seed)
        effects[seed], risks, coefficients = measure(subject, _sets(subject, settings, seed), candidates, one)
        heads = head_rows(subject.kernels, run.model.layout, settings.share)
        for name, some in (("heads", heads), ("replacements", risks), ("coefficients", coefficients)):
            rows[name] += [{"run": run.name, "seed": seed, **row} for row in some]
    rows["restored"] = [{"run": run.name, **row} for row in restored_rows(effects, every)]
    return {name: pd.DataFrame(some) for name, some in rows.items()}


def _subject(
    model: Transformer,
    fit: Mapping[str, Array],
    evaluation: Mapping[str, Array],
    settings: InterventionSettings,
    probe: ProbeSettings,
    seed: int,
) -> Subject:
    placed = PlacedModel(model)
    x, y = placed.place(fit)
    chosen = {name: array[: settings.prompts] for name, array in evaluation.items()}
    generator = numpy_generator(settings.seed, "permuted points", seed)
    return Subject(
        model,
        fit_readouts(placed.streams, x, y, probe),
        layer_kernels(model, x[: settings.fit_prompts], y[: settings.fit_prompts]),
        torch.from_numpy(chosen["x"]),
        torch.from_numpy(permuted_points(chosen["x"], generator)),
        torch.from_numpy(chosen["y"]),
        chosen["posterior_mean"],
        probe.chunk_prompts,
    )


def _sets(subject: Subject, settings: InterventionSettings, seed: int) -> list[HeadSet]:
    like = {
        (layer, head): bool(alike)
        for layer, kernels in subject.kernels.items()
        for head, alike in enumerate(kernels.like_kernels(settings.share))
    }
    return head_sets(like, numpy_generator(settings.seed, "random heads", seed))
