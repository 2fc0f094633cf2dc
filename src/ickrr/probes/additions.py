"""What families add to each other in explaining a layer, as each probe reads it."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.resamples import Resamples
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.families import Candidates
from ickrr.identification.tables import encompassing_table
from ickrr.identification.uneven import compared
from ickrr.probes.fitting import PROBES, Probe

Array = npt.NDArray[np.float64]


def addition_table(
    run: RunSettings,
    candidates: Candidates,
    read: Mapping[int, Mapping[Probe, Array]],
    statistics: StatisticsSettings,
) -> pd.DataFrame:
    """Return what PR, Richardson and ridge regression add to each other, as `encompassing` has it, by probe.

    Args:
        run: the run of the models.
        candidates: the families on the prompts that were read.
        read: what each probe reads from them, by seed, (L+1, B, N+1) each.
        statistics: draws and level of the intervals, and which layers count.
    """
    prompts, seeds = len(candidates.problem.y), len(read)
    resamples = Resamples(prompts, seeds, statistics.bootstrap_draws, statistics.seed, statistics.confidence)
    counted = statistics.counted(run.model.layers)
    parts = []
    for probe in PROBES:
        layers = {
            seed: [compared(candidates, layer) for layer in by_probe[probe][1:, :, candidates.lengths]]
            for seed, by_probe in read.items()
        }
        table = encompassing_table(run.name, layers, counted, resamples)
        table.insert(1, "stream", probe.stream)
        table.insert(2, "target", probe.target)
        parts.append(table)
    return pd.concat(parts, ignore_index=True)
