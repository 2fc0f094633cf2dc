"""What the choice of the probe does to the numbers of a run: tables."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.errors import Truth
from ickrr.comparison.tables import comparison_tables
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.attribution import attribute
from ickrr.identification.families import Candidates
from ickrr.probes.fitting import PROBES, Probe, ProbeFits, chosen_probe
from ickrr.row_keys import WHOLE_MODEL

Array = npt.NDArray[np.float64]

TABLES: Final = ("probes", "effects", "attributions")
OWN: Final = Probe("own", "own")
"""The model's own readout, at its last layer, beside the probes."""


def probe_rows(
    fits: Mapping[int, ProbeFits],
    read: Mapping[int, Mapping[Probe, Array]],
    output: Mapping[int, Array],
    posterior_mean: Array,
) -> list[dict[str, object]]:
    """Return the excess risk of each probe and layer, and of the models' own readouts.

    Args:
        fits: the probes, by seed.
        read: what they read from the evaluation prompts, (L+1, B, N+1) each.
        output: the models' own predictions of these, (B, N+1).
        posterior_mean: of these, (B, N+1).
    """
    chosen = chosen_probe(fits)
    rows: list[dict[str, object]] = []
    for seed, one in fits.items():
        for probe in PROBES:
            risks = ((read[seed][probe] - posterior_mean) ** 2).mean(axis=(1, 2))  # (L+1)
            rows += [
                {
                    "seed": seed,
                    **probe._asdict(),
                    "layer": layer,
                    "crossed_risk": float(one.crossed[probe][layer]),
                    "excess_risk": float(risk),
                    "chosen": probe == chosen,
                }
                for layer, risk in enumerate(risks)
            ]
        own = float(((output[seed] - posterior_mean) ** 2).mean())
        last = len(one.crossed[PROBES[0]]) - 1
        rows.append(
            {
                "seed": seed,
                **OWN._asdict(),
                "layer": last,
                "crossed_risk": np.nan,
                "excess_risk": own,
                "chosen": False,
            }
        )
    return rows


def effect_table(
    run: RunSettings,
    read: Mapping[int, Mapping[Probe, Array]],
    output: Mapping[int, Array],
    trajectories: Callable[[], Iterable[tuple[str, Array]]],
    truth: Truth,
    solvers: SolverSettings,
    statistics: StatisticsSettings,
) -> pd.DataFrame:
    """Return the statistics of the alignment and the best steps of each layer, by probe.

    Args:
        run: the run of the models.
        read: what each probe reads from the evaluation prompts, by seed, (L+1, B, N+1) each.
        output: the models' own predictions, by seed, (B, N+1).
        trajectories: opens the trajectories of the solvers anew, see `comparison_tables`.
        truth: what is predicted.
        solvers: which ones.
        statistics: draws and level of the intervals.
    """
    parts = []
    for probe in PROBES:
        models = {seed: (by_probe[probe], output[seed]) for seed, by_probe in read.items()}
        tables = comparison_tables(run, models, trajectories(), truth, solvers, statistics)
        whole = tables["alignment"][["solver", "statistic", "value", "low", "high"]].assign(layer=WHOLE_MODEL)
        steps = tables["matches"].query("layer > 0").groupby(["solver", "layer"], sort=False)["best_step"]
        best = steps.mean().rename("value").reset_index().assign(statistic="best_step")
        parts.append(pd.concat([whole, best], ignore_index=True).assign(**probe._asdict()))
    columns = ["stream", "target", "solver", "statistic", "layer", "value", "low", "high"]
    return pd.concat(parts, ignore_index=True)[columns]


def attribution_rows(
    candidates: Candidates, read: Mapping[int, Mapping[Probe, Array]], margin: float, confidence: float
) -> list[dict[str, object]]:
    """Return what each layer is named through each probe.

    Args:
        candidates: the families on the evaluation prompts.
        read: what each probe reads from them, by seed, (L+1, B, N+1) each.
        margin: see `attribute`.
        confidence: of the intervals over prompts.
    """
    rows: list[dict[str, object]] = []
    for seed, by_probe in read.items():
        for probe, layers in by_probe.items():
            for layer, predictions in enumerate(layers[1:], start=1):
                found = attribute(candidates, predictions[:, candidates.lengths], margin, confidence)
                rows.append(
                    {
                        "seed": seed,
                        **probe._asdict(),
                        "layer": layer,
                        "named": found.name,
                        "survivors": ", ".join(found.survivors),
                    }
                )
    return rows
