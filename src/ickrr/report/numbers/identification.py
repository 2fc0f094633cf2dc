"""Numbers of the identification: what the layers are named, what families add, how known cases fared.

``Judged`` macros are of all layers that are judged, over the laws of the inputs; the others are of one run.
"""

from collections.abc import Mapping
from typing import Final, cast

import numpy as np
import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.entries import LAWS
from ickrr.report.formatting import camel_case, fixed, joined, number, setting_number
from ickrr.report.intervals import Interval, of_trainings
from ickrr.report.load import Tables
from ickrr.report.methods import FAMILIES, law_word
from ickrr.report.numbers.macros import Macros
from ickrr.report.numbers.runs import LEARNED
from ickrr.report.statistics.addition import estimate as addition
from ickrr.report.statistics.closed_form_share import CLOSED_FORMS
from ickrr.report.statistics.closed_form_share import estimate as closed_form_share
from ickrr.report.statistics.question import Question
from ickrr.report.statistics.survival_share import estimate as survival_share
from ickrr.report.studies import OF_NO_FAMILY, UNNAMED, mean_addition, nearest_families, settled_from
from ickrr.row_keys import NO_SEED

MAIN: Final = "PR"


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
    macros.value("FamilyCount", len(FAMILIES))
    macros.value("IdentificationFirstLength", experiment.identification.first_context_length)
    macros.add("PseudoNoises", joined([setting_number(noise) for noise in experiment.identification.noises]))
    law = LAWS.load("clustered")
    for part in ("SHARE", "SPREAD", "RADIUS"):
        macros.add(f"Cluster{part.capitalize()}", setting_number(getattr(law, part)))

    def questions(table: str) -> dict[str, Question]:
        runs = experiment.runs_showing(table)
        return {run: Question(tables, run, headline, statistics) for run in runs}

    for run, question in questions("attribution").items():
        layer_numbers(macros, camel_case(run), question)
    for run, question in questions("uneven").items():
        where = str(question.file("uneven"))
        added = of_trainings(
            mean_addition(question.table("uneven"), where, "R", MAIN), question.trainings("uneven")
        )
        macros.estimate(f"{camel_case(run)}UnevenAddedToRichardson", *added)
    for run, question in questions("snapshot_attribution").items():
        training_numbers(macros, camel_case(run), question)
    for run, question in questions("trials").items():
        trial_numbers(macros, camel_case(run), question)
        if experiment.built_for(run):
            built_numbers(macros, f"{camel_case(run)}Built", question.built_layers())
    if judged := questions("trials"):
        words = {run: law_word(experiment.run(run).task.law) for run in judged}
        alone = len(set(words.values())) == len(words)
        judged_numbers(macros, {words[run] if alone else run: judged[run] for run in judged})


def judged_numbers(macros: Macros, laws: Mapping[str, Question]) -> None:
    """Add what came out over all laws of the inputs.

    Args:
        macros: where they are added.
        laws: one run for each law, by the word for it.
    """
    macros.value("JudgedLaws", len(laws))
    each = pd.concat([question.counted_layers().assign(law=law) for law, question in laws.items()])
    name_counts(macros, "Judged", each.drop_duplicates(["law", "seed", "layer"]))
    nearest = each.groupby(["law", "family"])["distance"].mean().unstack().idxmin(axis=1)
    macros.value("JudgedNearestClosedForm", int(nearest.isin(CLOSED_FORMS).sum()))
    cases = pd.concat([question.pseudo_layers() for question in laws.values()])
    case_counts(macros, "JudgedPseudo", cases)
    for family in (MAIN, "ridge"):
        case_counts(macros, f"JudgedPseudo{camel_case(family.lower())}", cases[cases["allowed"] == family])
    stranger_counts(macros, "Judged", pd.concat([question.table("trials") for question in laws.values()]))
    added = {law: addition(question, MAIN, "R") for law, question in laws.items()}
    for place, chosen in (("Least", min), ("Most", max)):
        law = chosen(added, key=lambda law: added[law].value)
        macros.add(f"{place}AddedLaw", law)
        macros.estimate(f"{place}Added", *added[law])


def name_counts(macros: Macros, name: str, each: pd.DataFrame) -> None:
    """Add how many layers there are, and how many of them are named what.

    Args:
        macros: where they are added.
        name: how the macros begin.
        each: one row a layer, with the column `named`.
    """
    macros.value(f"{name}CountedLayers", len(each))
    for word in (MAIN, *UNNAMED):
        macros.value(f"{name}Named{camel_case(word.lower())}Count", int((each["named"] == word).sum()))
    macros.value(f"{name}NamedOtherCount", int((~each["named"].isin([MAIN, *UNNAMED])).sum()))
    counts = each.loc[~each["named"].isin(UNNAMED), "named"].value_counts()
    parts = [f"{count} after {FAMILIES[str(family)]}" for family, count in counts.items()]
    verb = "is" if len(counts) and counts.iloc[0] == 1 else "are"
    named = joined(parts).replace(" after", f" {verb} named after", 1)
    macros.add(f"{name}NamedAfter", named or "no layer is named after a family")


def layer_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add what the layers of one run are named; the same statistics that decide claims."""
    layers = question.counted_layers()
    name_counts(macros, name, layers.drop_duplicates(["seed", "layer"]))
    distances = layers.groupby("family")["distance"].mean()
    nearest = str(distances.idxmin())
    macros.add(f"{name}NearestFamily", FAMILIES[nearest])
    macros.value(f"{name}NearestDistance", float(distances[nearest]))
    macros.value(f"{name}PreconditionedDistance", float(distances[MAIN]))
    shares = {
        "RichardsonAlone": survival_share(question, "R"),
        "PreconditionedAlone": survival_share(question, "PR"),
        "ClosedFormAlone": closed_form_share(question),
    }
    for quantity, share in shares.items():
        macros.estimate(f"{name}{quantity}", *_percent(share))
    macros.estimate(f"{name}AddedToRichardson", *addition(question, "PR", "R"))
    macros.estimate(f"{name}AddedToRidge", *addition(question, "PR", "ridge"))
    macros.estimate(f"{name}AddedByRichardson", *addition(question, "R", "PR"))
    by_layer = added_by_layer(question)
    for place, at in (("First", by_layer.index[0]), ("Last", by_layer.index[-1])):
        macros.add(f"{name}AddedAt{place}", fixed(float(by_layer[at]), 2))


def added_by_layer(question: Question) -> "pd.Series[float]":
    """Return what preconditioned Richardson adds to Richardson in each layer that counts, mean over seeds."""
    table = question.table("encompassing")
    rows = table[(table["seed"] == NO_SEED) & (table["family"] == "R") & (table["other"] == MAIN)]
    counted = question.counted_layers()["layer"].unique()
    return rows[rows["layer"].isin(counted)].set_index("layer")["coefficient"].sort_index()


def training_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add when one run has learned its task, and what its layers are near to on the way there."""
    table = question.table("learning_curve")
    curve = table.pivot_table(index="step", columns="seed", values="excess_risk", dropna=False)
    bayes = float(table["bayes_risk"].iloc[0])
    learned = settled_from(curve.mean(axis=1, skipna=False) < LEARNED * bayes)
    macros.add(f"{name}LearnedFrom", "at no step" if learned is None else f"from step {number(learned)} on")
    nearest = nearest_families(question.table("snapshot_attribution"))
    last = nearest.iloc[-1]
    macros.add(f"{name}NearestAtEnd", FAMILIES[last])
    macros.value(f"{name}NearestFrom", cast(int, settled_from(nearest == last)))
    macros.value(f"{name}FollowedSteps", len(nearest))
    pairs, where = question.table("snapshot_encompassing"), str(question.file("snapshot_encompassing"))
    trainings = question.trainings("snapshot_encompassing")
    added = {
        cast(int, step): of_trainings(mean_addition(rows, f"{where}, step {step}", "R", MAIN), trainings)
        for step, rows in pairs.groupby("step")
    }
    most = max(added, key=lambda step: added[step].value)
    macros.value(f"{name}MostAddedAt", most)
    macros.estimate(f"{name}MostAdded", *added[most])
    macros.estimate(f"{name}AddedAtEnd", *added[max(added)])


def trial_numbers(macros: Macros, name: str, question: Question) -> None:
    """Add how known cases on the prompts of one run were named: pseudo-layers, and cases of no family."""
    case_counts(macros, f"{name}Pseudo", question.pseudo_layers())
    stranger_counts(macros, name, question.table("trials"))


def stranger_counts(macros: Macros, name: str, trials: pd.DataFrame) -> None:
    """Add how many known cases belong to no family, and how many of these are given the name of one."""
    strangers = trials[trials["group"].isin(OF_NO_FAMILY)]
    macros.value(f"{name}StrangeCases", len(strangers))
    macros.value(f"{name}StrangeNamed", int((~strangers["named"].isin(UNNAMED)).sum()))


def built_numbers(macros: Macros, name: str, layers: pd.DataFrame) -> None:
    """Add how layers of a built model were named, and what the two Richardsons add to each other there."""
    case_counts(macros, name, layers)
    macros.value(f"{name}Unnamed", int(layers["named"].isin(UNNAMED).sum()))
    macros.value(f"{name}AddedToRichardson", float(layers["added_to_r"].mean()))
    macros.value(f"{name}AddedByRichardson", float(layers["added_by_r"].mean()))


def case_counts(macros: Macros, name: str, cases: pd.DataFrame) -> None:
    """Add how many known cases there are, and how many are named rightly and wrongly."""
    wrong = cases["wrong"].astype(bool)
    macros.value(f"{name}Layers", len(cases))
    macros.value(f"{name}Right", int((~wrong & ~cases["named"].isin(UNNAMED)).sum()))
    macros.value(f"{name}Wrong", int(wrong.sum()))


def _percent(share: Interval) -> Interval:
    """Return a share in percent; the ends of its normal interval stay possible."""
    value, *ends = (100 * end for end in share)
    return Interval(value, *(float(end) for end in np.clip(ends, 0, 100)))
