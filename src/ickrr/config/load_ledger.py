"""Read claims.yaml, and refuse one that names what does not exist."""

import math
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from ickrr.config.experiment import UNSOLVED_TABLES, Experiment
from ickrr.config.ledger import Claim, Condition, Ledger, of_built, tables_read
from ickrr.config.load import not_compared
from ickrr.config.messages import describe_problem, no_such, place_of
from ickrr.config.summaries import SUMMARIES
from ickrr.config.yaml_text import KeyPath, read_yaml
from ickrr.errors import ConfigError


def load_ledger(path: str | Path, experiment: Experiment) -> Ledger:
    """Read and check the claims.

    Args:
        path: claims.yaml.
        experiment: the resolved experiment, which knows the runs, figures and tables.

    Raises:
        ConfigError: the file is missing or does not parse, or a key, value, run or evidence is wrong. The
            message names file, line, key, value and what is allowed.
    """
    path = Path(path)
    values, positions = read_yaml(path)
    positions = {("claims", *key): where for key, where in positions.items()}
    try:
        ledger = Ledger.model_validate({"claims": values, "order": list(values)})
    except ValidationError as error:
        lines = [describe_problem(item, Ledger, (), (), positions, str(path)) for item in error.errors()]
        # The file has the ids at its top.
        raise ConfigError("\n".join(line.replace(": claims.", ": ", 1) for line in lines)) from error
    problems = [
        f"{place_of(('claims', name, *key), positions, str(path))}: {'.'.join((name, *key))}: {problem}"
        for name, claim in ledger.items()
        for key, problem in _problems(claim, experiment)
    ]
    if problems:
        raise ConfigError("\n".join(problems))
    return ledger


def _problems(claim: Claim, experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield what a claim names that does not exist: the key below the claim, and what is wrong."""
    shown = [*experiment.figures, *experiment.tables]
    for entry in claim.evidence:
        if entry not in shown:
            yield ("evidence",), no_such("figure or table", entry, shown)
    for part in ("gate", "conditions"):
        problems = dict.fromkeys(_of_runs(getattr(claim, part), experiment))
        yield from (((part,), problem) for problem in problems)
    for part in ("gate", "conditions"):
        for index, condition in enumerate(getattr(claim, part)):
            for argument, problem in _not_in_the_tables(condition, experiment):
                yield (part, str(index), argument), problem


def _of_runs(conditions: list[Condition], experiment: Experiment) -> Iterator[str]:
    """Yield what is wrong with the runs of conditions: no run has the name, or it has no such tables."""
    for condition in conditions:
        for run in filter(None, (*condition.runs, condition.reference)):
            lacking = [table for table in tables_read(condition.statistic) if table not in UNSOLVED_TABLES]
            if run not in experiment.runs:
                yield no_such("run", run, list(experiment.runs))
            elif lacking and not experiment.is_compared(run):
                yield not_compared(experiment, run, lacking)
            elif of_built(condition.statistic) and not experiment.built_for(run):
                yield (
                    f"{condition.statistic} needs a model that is built for the task of '{run}', and "
                    f"constructions.controls has none with task: {experiment.task_of(run)}, weights: exact "
                    "and readout: fitted; add one, or name another run"
                )


def _not_in_the_tables(condition: Condition, experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Yield what a condition asks for and the settings keep out of the tables, by its argument.

    Otherwise the claims would be the first to miss it, after all trainings.
    """
    statistic, solvers, factors = condition.statistic, experiment.solvers, experiment.noise_mismatch.factors
    read = tables_read(statistic)
    if {"pairs", "shares"} & {*read} and len(solvers.headline) < 2:
        why = f"{statistic} compares solvers, but solvers.headline is {solvers.headline}; name two"
        yield "statistic", why
    # Pairs and shares are of the headline solvers only.
    compared = solvers.names if "alignment" in read else solvers.headline
    for argument in ("solver", "rival"):
        named = getattr(condition, argument)
        if named is not None and named not in compared:
            kind = "solver of solvers.headline" + (" or others" if compared == solvers.names else "")
            yield argument, no_such(kind, named, compared)
    factor = condition.factor
    if factor is not None and not any(math.isclose(factor, one, rel_tol=1e-6) for one in factors):
        known = ", ".join(f"{one:g}" for one in factors)
        yield "factor", f"found {factor:g}, which is not among noise_mismatch.factors; allowed: {known}"
    if condition.reference in condition.runs:
        yield "reference", f"found '{condition.reference}', which is among runs; name another run"
    yield from _not_in_its_summary(condition, experiment)


def _not_in_its_summary(condition: Condition, experiment: Experiment) -> Iterator[tuple[str, str]]:
    """Yield what a condition names and its summary table does not hold, by its argument."""
    if condition.table is None:
        return
    assert condition.quantity is not None  # a statistic that takes a table takes it too
    quantities = SUMMARIES[condition.table]
    if condition.quantity not in quantities:
        kind = f"quantity of {condition.table}"
        yield "quantity", no_such(kind, condition.quantity, list(quantities))
        return
    of_quantity = quantities[condition.quantity]
    for argument, names in (("subject", of_quantity.subjects), ("setting", of_quantity.settings)):
        asked, known = getattr(condition, argument), names.known(experiment)
        if asked not in known:
            kind = f"{argument} of {condition.quantity} in {condition.table}"
            yield argument, no_such(kind, asked, [name or "''" for name in known])
