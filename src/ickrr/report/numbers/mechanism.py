"""Numbers of what is inside the layers: replaced heads, linearity, needed degrees, the chosen probe."""

from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import camel_case
from ickrr.report.load import Tables, load_table
from ickrr.report.numbers.macros import Macros
from ickrr.report.statistics.degree_lead import estimate as degree_lead
from ickrr.report.statistics.question import Question
from ickrr.report.statistics.restored_share import estimate as restored_share
from ickrr.report.studies import DEFAULT_PROBE, chosen_probe, effects_of_choice, kernel_heads, needed_degrees

STREAMS: Final = {"raw": "the residual stream", "normed": "the stream after the final normalisation"}
TARGETS: Final = {"label": "labels", "posterior_mean": "posterior means"}


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
    for run in experiment.runs_showing("degree"):
        degree_numbers(macros, camel_case(run), question(run))
    for run in experiment.runs_showing("probes"):
        probe_numbers(macros, run, tables)


def head_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add how many heads of one run are like a kernel, and what kernels restore."""
    like, count = kernel_heads(question.table("heads"), question.run)
    macros.value(f"{name}KernelHeads", like)
    macros.value(f"{name}HeadCount", count)
    macros.estimate(f"{name}RestoredByKernel", *restored_share(question, "layer", "kernel"))
    macros.estimate(f"{name}RestoredByPermuted", *restored_share(question, "layer", "permuted"))
    macros.estimate(f"{name}RestoredInOthers", *restored_share(question, "random", "kernel"))
    macros.estimate(f"{name}RestoredInRest", *restored_share(question, "rest", "kernel"))


def degree_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add how many products the layers of one run need."""
    *_, last, readout = needed_degrees(question.table("degree"), question.run)
    macros.estimate(f"{name}DegreeLead", *degree_lead(question))
    macros.value(f"{name}LastDegree", last)
    macros.value(f"{name}ReadoutDegree", readout)


def probe_numbers(macros: Macros, run: str, tables: Tables) -> None:
    """Add which probe is chosen for one run, and what that moves."""
    probes, effects = (load_table(tables, [run], name) for name in ("probes", "probe_effects"))
    name, chosen = camel_case(run), chosen_probe(probes, run)
    stream, target = chosen
    macros.add(f"{name}ChosenProbe", f"{STREAMS[stream]}, fitted to {TARGETS[target]}")
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
