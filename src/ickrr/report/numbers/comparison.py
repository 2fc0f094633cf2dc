"""Numbers of what compares: solvers in pairs, layers that a solver leads, errors under other noise."""

from itertools import permutations
from typing import Final, get_args

import pandas as pd

from ickrr.config.claim_terms import NoiseMethod
from ickrr.config.experiment import Experiment
from ickrr.errors import FileError
from ickrr.report.formatting import camel_case, setting_number
from ickrr.report.intervals import Interval
from ickrr.report.load import Tables, load_table
from ickrr.report.numbers.macros import Macros
from ickrr.report.statistics.effective_ridge import estimate as effective_ridge
from ickrr.report.statistics.noise_ratio import estimate as noise_ratio
from ickrr.report.statistics.question import Question
from ickrr.report.verdicts import paired_difference

BY_LAYER: Final = ("distance", "similarity")


def comparison_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add the comparisons of all runs.

    Args:
        macros: where they are added.
        experiment: the resolved experiment.
        tables: the tidy tables, see `ickrr.report.load.Tables`.

    Raises:
        FileError: a table is missing or lacks a row.
    """
    for run in experiment.compared:
        pair_numbers(macros, run, load_table(tables, [run], "pairs"), experiment)
        share_numbers(macros, run, load_table(tables, [run], "shares"), experiment)
    factors = experiment.noise_mismatch.factors
    macros.add("NoiseFactorLowest", setting_number(min(factors)))
    macros.add("NoiseFactorHighest", setting_number(max(factors)))
    macros.value("NoiseRidgeGrowthAsked", round((max(factors) / min(factors)) ** 2))
    for run in experiment.runs_showing("noise"):
        noise_numbers(macros, run, experiment, tables)


def pair_numbers(macros: Macros, run: str, pairs: pd.DataFrame, experiment: Experiment) -> None:
    """Add the paired differences of one run."""
    for statistic in BY_LAYER:
        for first, second in permutations(experiment.solvers.headline, 2):
            name = f"{camel_case(first)}Against{camel_case(second)}{camel_case(statistic)}"
            macros.estimate(f"{camel_case(run)}{name}", *paired_difference(pairs, statistic, first, second))


def share_numbers(macros: Macros, run: str, shares: pd.DataFrame, experiment: Experiment) -> None:
    """Add in how many layers of one run each solver is best.

    Raises:
        FileError: the table lacks a solver or has it twice.
    """
    for statistic in BY_LAYER:
        for solver in experiment.solvers.headline:
            found = shares[(shares["statistic"] == statistic) & (shares["solver"] == solver)]
            if len(found) != 1:
                raise FileError(
                    f"tables/{run}/shares.parquet: has {len(found)} rows of solver '{solver}' and statistic "
                    f"'{statistic}', expected 1; delete it and run snakemake again"
                )
            name = f"{camel_case(run)}{camel_case(solver)}{camel_case(statistic)}"
            macros.add(f"{name}LayersBest", str(int(found["best"].iloc[0])))
            share, low, high = 100 * found[["lead_share", "low", "high"]].to_numpy(float)[0]
            macros.estimate(f"{name}LeadShare", share, low, high)


def noise_numbers(macros: Macros, run: str, experiment: Experiment, tables: Tables) -> None:
    """Add the errors of one run under other noise, and the ridge that it has in effect."""
    factors = experiment.noise_mismatch.factors
    chosen = {
        "Lowest": min(factors),
        "Equal": min(factors, key=lambda factor: abs(factor - 1)),
        "Highest": max(factors),
    }
    question = Question(tables, run, experiment.solvers.headline, experiment.statistics)
    ridges: dict[str, Interval] = {}
    for place, factor in chosen.items():
        for method in get_args(NoiseMethod):
            # The same statistic that decides claims, so that text and ledger cannot disagree.
            ratio = noise_ratio(question, method, factor)
            macros.estimate(f"{camel_case(run)}Noise{place}{camel_case(method)}", *ratio)
        ridges[place] = effective_ridge(question, factor)
        macros.estimate(f"{camel_case(run)}Noise{place}Ridge", *ridges[place])
    growth = ridges["Highest"].value / ridges["Lowest"].value
    macros.value(f"{camel_case(run)}NoiseRidgeGrowth", growth)
