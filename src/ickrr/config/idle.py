"""Find runs that are another one again, and overrides that have no effect on their run."""

from collections.abc import Iterator
from typing import Any, Final, get_args

from ickrr.config.constructions import ControlSettings
from ickrr.config.experiment import Experiment, RunOverrides
from ickrr.config.model import MLPKind
from ickrr.config.yaml_text import KeyPath

# setting: the setting that decides whether it is used, and the values with which it is.
USED_WITH: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "linear_scale": ("attention", ("linear", "unnormalised_exp")),
    "mlp_ratio": ("mlp", tuple(kind for kind in get_args(MLPKind) if kind != "none")),
    "banks": ("mlp", ("relu_banks",)),
    "bank_units": ("mlp", ("relu_banks",)),
    "muon": ("optimizer", ("muon",)),
    "final_learning_rate_fraction": ("schedule", ("cosine",)),
    "queries_per_prompt": ("layout", ("paired",)),
}

NO_DIFFERENCE: Final[dict[str, Any]] = {"name": True, "task_name": True, "training": {"snapshots": True}}
"""What two runs may have of their own and still be the same models."""


def idle_overrides(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key of each override of a run or control that is not used, and why it is not."""
    for name, run in experiment.runs.items():
        yield from _idle(experiment, ("runs", name), name, run)
    for name, control in experiment.constructions.controls.items():
        yield from _idle(experiment, ("constructions", "controls", name), name, control)


def repeated_runs(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield the key of each run that has the task, the model and the training of an earlier one, and which.

    Names, purposes, seeds and what is kept on the way are no difference. A run whose overrides say what the
    base says anyway is let pass, unless it has none: it becomes so when somebody changes the base. The smoke
    scale is so small that runs meet there which are different ones at the others, such as one head and half
    the heads.
    """
    if experiment.scale == "smoke":
        return
    resolved = {
        name: experiment.run(name).model_dump_json(exclude=NO_DIFFERENCE)
        for name, run in experiment.runs.items()
        if run.task in experiment.tasks
    }
    plain = {text for name, text in resolved.items() if not _overrides(experiment.runs[name])}
    seen: dict[str, str] = {}
    for name, text in resolved.items():
        if text in plain and _overrides(experiment.runs[name]):
            continue
        first = seen.setdefault(text, name)
        if first != name:
            found = f"has the task, the model and the training of run '{first}'"
            yield ("runs", name), f"{found}; change one of them, or give that run its seeds"


def _overrides(run: RunOverrides) -> bool:
    return bool(run.model or run.training.keys() - NO_DIFFERENCE["training"].keys())


def _idle(
    experiment: Experiment, key: KeyPath, name: str, own: RunOverrides | ControlSettings
) -> Iterator[tuple[KeyPath, str]]:
    if own.task not in experiment.tasks:
        return
    resolved = experiment.run(name)
    settings = {**resolved.model.model_dump(), **resolved.training.model_dump()}
    parts = {"model": own.model, "training": getattr(own, "training", {})}
    for part, overrides in parts.items():
        for setting in overrides:
            decides, values = USED_WITH.get(setting, ("", ()))
            if decides and settings[decides] not in values:
                found = f"is not used with {decides} = {settings[decides]}"
                yield (*key, part, setting), f"{found}; allowed with {decides} = {' or '.join(values)}"
