"""The settings and the code that results were made with, from what Snakemake recorded of their jobs.

The claims are judged with the whole experiment at hand, so that the job which judged them knows every key of
config.yaml. Where a side has not been judged, the jobs of each run tell its own settings.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

JUDGES: Final = "judge_claims"
OF_RUNS: Final = ("train_model", "compare_run")
"""Rules whose jobs are told the settings of one run, among others."""

Made = Sequence[tuple[str, Sequence[str]]]
"""The jobs that made some results: the rule of each, and its params as Snakemake recorded them."""


class Change(NamedTuple):
    """A setting that differs; a side that lacks it has None."""

    key: str
    first: Any
    second: Any


def changed_settings(first: Made, second: Made) -> list[Change] | None:
    """List the settings that differ, in the order of the first side, then of the second.

    Args:
        first: the jobs of one side.
        second: those of the other.

    Returns:
        None if nothing is recorded of the settings of a side.
    """
    sides = [_of_experiment(made) for made in (first, second)]
    if not all(sides):
        sides = [_of_runs(made) for made in (first, second)]
    if not all(sides):
        return None
    before, after = sides
    keys = dict.fromkeys((*before, *after))
    return [Change(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def changed_code(first: Made, second: Made) -> list[str]:
    """List the rules whose jobs ran with other code on the two sides, of those that both have.

    A side that has more runs may have more digests of a rule, of jobs that choose other modules by name.
    """
    before, after = _code(first), _code(second)
    return [
        rule
        for rule in sorted(before.keys() & after.keys())
        if not (before[rule] <= after[rule] or after[rule] <= before[rule])
    ]


def _of_experiment(made: Made) -> dict[str, Any]:
    for rule, params in made:
        for found in _objects(params) if rule == JUDGES else ():
            if "scale" in found and "runs" in found:
                return dict(_flat(found))
    return {}


def _of_runs(made: Made) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for rule, params in made:
        for found in _objects(params) if rule in OF_RUNS else ():
            if "training" in found and "task_name" in found:
                settings |= _flat(found, f"runs.{found['name']}")
            elif "headline" in found:
                settings |= _flat(found, "solvers")
            elif "bootstrap_draws" in found:
                settings |= _flat(found, "statistics")
    return settings


def _code(made: Made) -> dict[str, set[str]]:
    """Return the digests of the code of the jobs by rule; jobs that choose other modules have others."""
    digests: defaultdict[str, set[str]] = defaultdict(set)
    for rule, params in made:
        for text in params:
            words = text.strip("'").split()
            if [len(word) for word in words[:2]] == [16, 16] and not text.strip("'").startswith(("{", "[")):
                digests[rule].add(words[0])
    return digests


def _objects(params: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the settings among the params of a job: texts of JSON objects."""
    for text in params:
        if text.strip("'").startswith("{"):
            yield json.loads(text.strip("'"))


def _flat(value: Mapping[str, Any], key: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested mappings by dotted key; an empty mapping has none."""
    for name, inner in value.items():
        dotted = f"{key}.{name}" if key else name
        if isinstance(inner, dict):
            yield from _flat(inner, dotted)
        else:
            yield dotted, inner
