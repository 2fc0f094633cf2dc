"""Numbers of what is inside the layers: replaced heads, linearity, needed degrees, the chosen probe."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import camel_case, fixed, joined, setting_number
from ickrr.report.load import Tables
from ickrr.report.numbers.macros import Macros
from ickrr.report.statistics.degree_lead import estimate as degree_lead
from ickrr.report.statistics.question import Question
from ickrr.report.statistics.restored_share import estimate as restored_share
from ickrr.report.studies import (
    DEFAULT_PROBE,
    chosen_probe,
    effects_of_choice,
    kernel_heads,
    later_additions,
    needed_degrees,
)

STREAMS: Final = {"raw": "the residual stream", "normed": "the stream after the final normalisation"}
TARGETS: Final = {"label": "labels", "posterior_mean": "posterior means"}
LATER: Final = {"": "none", "ByKernel": "kernel", "ByPermuted": "permuted", "ByMean": "mean"}
"""Replacements of kernel-like heads after which later layers are followed, by the end of the macro."""
DECIMALS: Final = 1
"""Of a needed degree, which is a whole number for each training."""


def mechanism_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add the studies of all runs of which a figure or table shows them.

    Args:
        macros: where they are added.
        experiment: the resolved experiment.
        tables: the tidy tables, see `ickrr.report.load.Tables`.

    Raises:
        FileError: a table is missing or lacks a row.
    """

    def question(run: str) -> Question:
        return Question(tables, run, experiment.solvers.headline, experiment.statistics)

    for run in experiment.runs_showing("restored"):
        head_numbers(macros, camel_case(run), question(run))
    for run in experiment.runs_showing("linearity"):
        for name, method in (("Rotation", "layer"), ("ConjugateRotation", "CG")):
            macros.value(f"{camel_case(run)}{name}", float(question(run).rotations(method)["value"].max()))
    last = {run: degree_numbers(macros, run, question(run)) for run in experiment.runs_showing("degree")}
    macros.add("LastDegrees", span(list(last.values())))
    chosen = {run: probe_numbers(macros, run, question(run)) for run in experiment.runs_showing("probes")}
    macros.add("ChosenProbes", probes_clause(chosen))


def head_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add how many heads of one run are like a kernel, and what kernels restore."""
    like, count = kernel_heads(question.table("heads"), question.run)
    macros.value(f"{name}KernelHeads", like)
    macros.value(f"{name}HeadCount", count)
    macros.estimate(f"{name}RestoredByKernel", *restored_share(question, "layer", "kernel"))
    macros.estimate(f"{name}RestoredByPermuted", *restored_share(question, "layer", "permuted"))
    macros.estimate(f"{name}RestoredInOthers", *restored_share(question, "random", "kernel"))
    macros.estimate(f"{name}RestoredInRest", *restored_share(question, "rest", "kernel"))
    coefficients = question.table("coefficients")
    layers = int(coefficients["read"].max()) - 1  # the own readout comes last
    later = later_additions(coefficients, question.run, question.statistics.counted(layers))
    for words, replacement in LATER.items():
        macros.add(f"{name}LaterAddition{words}", fixed(float(later.get(replacement, math.nan)), 2))


def degree_numbers(macros: Macros, run: str, question: Question) -> float:
    """Add how many products the layers of one run need; return that of the last one."""
    needed = needed_degrees(question.table("degree"), run)
    first, last = float(needed.iloc[0]), float(needed.iloc[-2])  # the own readout comes last
    name = camel_case(run)
    macros.estimate(f"{name}DegreeLead", *degree_lead(question))
    ends = {"First": round(first, DECIMALS), "Last": round(last, DECIMALS)}
    for place, degree in ends.items():
        macros.add(f"{name}{place}Degree", setting_number(degree))
    return ends["Last"]


def span(numbers: Sequence[float]) -> str:
    """Say between what several numbers lie, or the one that they all are; nothing of none."""
    if not numbers:
        return ""
    ends = dict.fromkeys(setting_number(end) for end in (min(numbers), max(numbers)))
    return " to ".join(ends)


def probes_clause(chosen: Mapping[str, str]) -> str:
    """Say which probe is chosen for which run, or that it is the same for all."""
    probes = list(dict.fromkeys(chosen.values()))
    if len(probes) == 1:
        return f"the one of {probes[0]}"
    return joined([f"for {run.replace('_', ' ')} inputs the one of {probe}" for run, probe in chosen.items()])


def probe_numbers(macros: Macros, run: str, question: Question) -> str:
    """Add what the choice of a probe moves in one run; return the chosen one in words."""
    probes, effects = (question.table(name) for name in ("probes", "probe_effects"))
    name, chosen = camel_case(run), chosen_probe(probes, run)
    stream, target = chosen
    last = probes[probes["layer"] == probes["layer"].max()]
    risks = last.groupby(["stream", "target"])["excess_risk"].mean()
    for words, probe in (
        ("DefaultProbe", DEFAULT_PROBE),
        ("ChosenProbe", chosen),
        ("OwnReadout", ("own", "own")),
    ):
        macros.value(f"{name}{words}Risk", float(risks[probe]))
    moved = effects_of_choice(probes, effects, run)["leaves"]
    macros.value(f"{name}ProbedNumbers", len(moved))
    macros.value(f"{name}MovedNumbers", int(moved.sum()))
    names = question.table("probe_attributions")
    names = names[(names["stream"] == stream) & (names["target"] == target)]
    layers = question.statistics.counted(int(names["layer"].max()))
    counted = names[names["layer"].between(layers.start + 1, layers.stop)]
    macros.value(f"{name}ChosenProbeLayers", len(counted))
    macros.value(f"{name}ChosenProbeNamedPrCount", int((counted["named"] == "PR").sum()))
    macros.value(f"{name}ChosenProbeNamedNoneCount", int((counted["named"] == "none").sum()))
    return f"{STREAMS[stream]}, fitted to {TARGETS[target]}"
