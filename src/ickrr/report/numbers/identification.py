"""Numbers of the identification: what the layers are named, what families add, how known cases fared."""

from typing import Final, cast

import pandas as pd

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.config.experiment import Experiment
from ickrr.report.formatting import camel_case, number, setting_number
from ickrr.report.intervals import Interval
from ickrr.report.load import Tables
from ickrr.report.numbers.macros import Macros
from ickrr.report.statistics.addition import estimate as addition
from ickrr.report.statistics.closed_form_share import estimate as closed_form_share
from ickrr.report.statistics.named_share import estimate as named_share
from ickrr.report.statistics.question import Question
from ickrr.report.statistics.survival_share import estimate as survival_share
from ickrr.report.studies import nearest_families, settled_from

UNNAMED: Final = ("none", "undecided")
LEARNED: Final = 0.05
"""Excess risk over the Bayes risk below which a model has learned its task, as in the gates of claims."""


def identification_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add the identification of all runs of which a figure or table shows it.

    Args:
        macros: where they are added.
        experiment: the resolved experiment.
        tables: the tidy tables, see `ickrr.report.load.Tables`.

    Raises:
        FileError: a table is missing or lacks a row.
    """
    headline, statistics = experiment.solvers.headline, experiment.statistics
    macros.add("IdentificationMargin", setting_number(experiment.identification.margin))
    macros.value("FirstCountedLayer", experiment.statistics.first_layer)
    macros.value("JudgedPrompts", experiment.identification.prompts)
    macros.value("DescribedPrompts", experiment.identification.described_prompts)
    for run in experiment.runs_showing("attribution"):
        layer_numbers(macros, camel_case(run), Question(tables, run, headline, statistics))
    for run in experiment.runs_showing("snapshot_attribution"):
        training_numbers(macros, camel_case(run), Question(tables, run, headline, statistics))
    for run in experiment.runs_showing("trials"):
        question = Question(tables, run, headline, statistics)
        trial_numbers(macros, f"{camel_case(run)}Pseudo", question.pseudo_layers())
        if experiment.built_for(run):
            built = question.built_layers()
            trial_numbers(macros, f"{camel_case(run)}Built", built)
            macros.value(f"{camel_case(run)}BuiltAddedToRichardson", float(built["added_to_r"].mean()))
            macros.value(f"{camel_case(run)}BuiltAddedByRichardson", float(built["added_by_r"].mean()))


def layer_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add what the layers of one run are named; the same statistics that decide claims."""
    each = question.counted_layers().drop_duplicates(["seed", "layer"])
    macros.value(f"{name}CountedLayers", len(each))
    for word in ("PR", *UNNAMED):
        macros.value(f"{name}Named{camel_case(word.lower())}Count", int((each["named"] == word).sum()))
    shares = {
        "NamedShare": named_share(question, "PR"),
        "RichardsonAlone": survival_share(question, "R"),
        "PreconditionedAlone": survival_share(question, "PR"),
        "ClosedFormAlone": closed_form_share(question),
    }
    for quantity, share in shares.items():
        macros.estimate(f"{name}{quantity}", *_percent(share))
    macros.estimate(f"{name}AddedToRichardson", *addition(question, "PR", "R"))
    macros.estimate(f"{name}AddedToRidge", *addition(question, "PR", "ridge"))
    macros.estimate(f"{name}AddedByRichardson", *addition(question, "R", "PR"))


def training_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add when one run has learned the task, and when the family that is nearest at the end appeared."""
    curve = question.table("learning_curve").groupby("step")[["excess_risk", "bayes_risk"]].mean()
    learned = settled_from(curve["excess_risk"] < LEARNED * curve["bayes_risk"])
    macros.add(f"{name}LearnedFrom", "at no step" if learned is None else f"from step {number(learned)} on")
    nearest = nearest_families(question.table("snapshot_attribution"))
    last = nearest.iloc[-1]
    macros.add(f"{name}NearestAtEnd", FAMILY_WORDS[last])
    macros.value(f"{name}NearestFrom", cast(int, settled_from(nearest == last)))
    macros.value(f"{name}FollowedSteps", len(nearest))


def trial_numbers(macros: Macros, name: str, cases: pd.DataFrame) -> None:
    """Add how known layers, tried on the prompts of one run, were named."""
    wrong = cases["wrong"].astype(bool)
    unnamed = cases["named"].isin(UNNAMED)
    macros.add(f"{name}Layers", number(len(cases)))
    macros.add(f"{name}Right", number(int((~wrong & ~unnamed).sum())))
    macros.add(f"{name}Wrong", number(int(wrong.sum())))
    macros.add(f"{name}Unnamed", number(int(unnamed.sum())))


def _percent(share: Interval) -> Interval:
    return Interval(*(100 * end for end in share))
