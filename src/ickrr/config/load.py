"""Read config.yaml and its overlays into an `Experiment`, or report all faults with their places.

The layers are config.yaml, the overlay of the scale, the user's own overlays and values of the command line;
later ones win.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from ickrr.config.code_behind import faulty_entries, undrawable
from ickrr.config.constructions import CONTROL_SOLVER
from ickrr.config.experiment import UNSOLVED_TABLES, Experiment, Scale, merge
from ickrr.config.idle import idle_overrides, repeated_runs
from ickrr.config.kinds import with_tables_of_kinds
from ickrr.config.layers import COMMAND_LINE, EXTEND, REMOVE, overlaid, positions_of, typed
from ickrr.config.messages import describe_problem, hint, no_such, place_of
from ickrr.config.model import ModelSettings
from ickrr.config.paper_tables import with_tables_of_modules
from ickrr.config.shown import left_out, with_runs_of_patterns
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.config.yaml_text import KeyPath, Positions, read_yaml
from ickrr.errors import ConfigError

SCALES: tuple[str, ...] = get_args(Scale)
DEFAULT_SCALE = "laptop"
OVERLAYS = Path("workflow/scales")

Layer = tuple[dict[str, Any], Positions]


def load_experiment(
    config_file: str | Path,
    scale: str | None = None,
    overlay: str | Path | Sequence[str | Path] = (),
    overrides: Mapping[str, Any] | None = None,
) -> Experiment:
    """Return the experiment that the whole configuration describes, after checking it.

    Args:
        config_file: the default experiment; the overlays of scales are in ``workflow/scales`` beside it.
        scale: ``smoke``, ``laptop``, ``desk`` or ``paper``; if absent, that of the last file that names one.
        overlay: further files of the same form, laid on the scale in this order.
        overrides: values given on the command line, laid on everything; `scale` and `overlay` may be among
            them.

    Raises:
        ConfigError: a file is missing or does not parse, or a key or a value is wrong. The message
            names file, line, key, value and what is allowed.
    """
    config_file = Path(config_file)
    told = dict(overrides or {})
    if "overlay" in told:
        overlay = told.pop("overlay")
    if scale is not None:
        told["scale"] = scale
    unknown = [name for name in told if str(name).rstrip(EXTEND + REMOVE) not in Experiment.model_fields]
    if unknown:
        known = [*Experiment.model_fields, "overlay"]
        raise ConfigError(
            "\n".join(
                f"{COMMAND_LINE}: {name}: unknown key{hint(str(name), known)}; allowed: {', '.join(known)}"
                for name in unknown
            )
        )
    base = read_yaml(config_file)
    own = [read_yaml(path) for path in _paths(overlay)]
    last = (typed(told), positions_of(told, COMMAND_LINE))
    chosen = _scale([base, *own, last])
    layers = [base, *_scale_overlay(config_file.parent / OVERLAYS / f"{chosen}.yaml", chosen), *own, last]
    values: dict[str, Any] = {}
    positions: Positions = {}
    for layer, places in layers:
        values = overlaid(values, layer, places)
        positions |= places
    values["scale"] = chosen
    return _validated(values, positions, str(config_file))


def _paths(overlay: Any) -> list[Path]:
    """Return the files of the overlays, from one name or a list of names."""
    names = [overlay] if isinstance(overlay, str | Path) else overlay
    if not isinstance(names, list | tuple) or not all(isinstance(n, str | Path) and str(n) for n in names):
        raise ConfigError(f"{COMMAND_LINE}: overlay: found {overlay!r}; give a file, or a list of files")
    return [Path(name) for name in names]


def _scale(layers: Sequence[Layer]) -> str:
    """Return the scale that the uppermost layer names."""
    chosen = DEFAULT_SCALE
    for values, positions in layers:
        if "scale" in values:
            chosen = values["scale"]
            if chosen not in SCALES:
                found = f"found {chosen!r}; allowed: {', '.join(SCALES)}{hint(str(chosen), SCALES)}"
                raise ConfigError(f"{positions[('scale',)]}: scale: {found}")
    return chosen


def _scale_overlay(path: Path, scale: str) -> list[Layer]:
    """Return the layer of a scale; the default scale needs none, as config.yaml itself is that scale."""
    if scale == DEFAULT_SCALE and not path.exists():
        return []
    values, positions = read_yaml(path)
    if "scale" in values:
        raise ConfigError(f"{positions[('scale',)]}: scale: this file is a scale and names none; remove it")
    return [(values, positions)]


def _validated(values: dict[str, Any], positions: Positions, default: str) -> Experiment:
    problems: list[str] = []

    def check(model: type[BaseModel], value: Any, prefix: KeyPath, base: KeyPath = ()) -> Any:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            for item in error.errors():
                problems.append(describe_problem(item, model, prefix, base, positions, default))
            return None

    experiment = check(Experiment, values, ())
    if experiment is not None:
        for name, overrides in experiment.tasks.items():
            merged = merge(experiment.base.task.model_dump(), overrides)
            check(TaskSettings, merged, ("tasks", name), ("base", "task"))
        for name, run in experiment.runs.items():
            parts: tuple[tuple[str, type[BaseModel], BaseModel, dict[str, Any]], ...] = (
                ("model", ModelSettings, experiment.base.model, run.model),
                ("training", TrainingSettings, experiment.base.training, run.training),
            )
            for part, model, base, overrides in parts:
                check(model, merge(base.model_dump(), overrides), ("runs", name, part), ("base", part))
        for name, control in experiment.constructions.controls.items():
            key = ("constructions", "controls", name, "model")
            check(control.architecture, control.model_on(experiment.base.model), key, ("base", "model"))

    def note(found: Iterator[tuple[KeyPath, str]]) -> None:
        problems.extend(
            f"{place_of(key, positions, default)}: {'.'.join(key)}: {problem}" for key, problem in found
        )

    if not problems:
        note(undrawable(experiment))
    if not problems:
        experiment = with_tables_of_modules(with_tables_of_kinds(with_runs_of_patterns(experiment)))
        note(_inconsistencies(experiment))
        note(left_out(experiment))
        note(idle_overrides(experiment))
        note(repeated_runs(experiment))
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))
    checked: Experiment = experiment
    return checked


def _inconsistencies(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield faults that no single value shows, such as unknown names and context lengths above N."""
    if faults := list(faulty_entries(experiment)):
        yield from faults
        return  # what follows calls them
    for kind, shown in (("figures", experiment.figures), ("tables", experiment.tables)):
        for name, settings in shown.items():
            for run in settings.runs:
                if run not in experiment.runs:
                    yield (kind, name, "runs"), no_such("run", run, list(experiment.runs))
                elif experiment.runs[run].task in experiment.tasks and not experiment.is_compared(run):
                    compared = [table for table in settings.tables if table not in UNSOLVED_TABLES]
                    if compared:
                        yield (kind, name, "runs"), not_compared(experiment, run, compared)
    yield from _operator_inconsistencies(experiment)
    yield from _control_inconsistencies(experiment)
    yield from _null_inconsistencies(experiment)
    for part in ("tasks", "runs"):
        if not getattr(experiment, part):
            yield (part,), "there is none; this is where config.yaml names them"
    controls = experiment.constructions.controls
    for name, table in experiment.tables.items():
        for control_name in table.controls:
            if control_name not in controls:
                yield ("tables", name, "controls"), no_such("control", control_name, list(controls))
    named = {
        ("compute", "first_runs"): experiment.compute.first_runs,
        ("identification", "judged"): experiment.identification.judged,
    }
    for key, runs in named.items():
        for run in runs:
            if run not in experiment.runs:
                yield key, no_such("run", run, list(experiment.runs))
    lengths = experiment.statistics.context_lengths
    for name, overrides in experiment.runs.items():
        if overrides.task not in experiment.tasks:
            yield ("runs", name, "task"), no_such("task", overrides.task, list(experiment.tasks))
            continue
        resolved = experiment.run(name)
        precision = resolved.training.precision
        if precision != "float32" and experiment.compute.device == "cpu":
            of_run = ("runs", name) if "precision" in overrides.training else ("base",)
            why = f"found {precision}, which needs a GPU, with compute.device cpu; allowed there: float32"
            yield (*of_run, "training", "precision"), why
        if resolved.training.compile and resolved.model.layout == "paired":
            yield (
                ("runs", name, "training", "compile"),
                "found True with model.layout paired, whose prompts change their length from step to step; "
                "allowed there: False",
            )
        longest = resolved.task.context_length
        above = [length for length in lengths if not 0 <= length <= longest]
        if above:
            yield (
                ("statistics", "context_lengths"),
                f"found {above}, but the task '{overrides.task}' has context_length {longest}; "
                f"allowed: 0 to {longest}",
            )


def _control_inconsistencies(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    for name, control in experiment.constructions.controls.items():
        key = ("constructions", "controls", name)
        if control.task not in experiment.tasks:
            yield (*key, "task"), no_such("task", control.task, list(experiment.tasks))
        elif not experiment.is_compared(name):
            kernel = experiment.task(control.task).kernel
            yield (
                (*key, "task"),
                f"task '{control.task}' has kernel {kernel}, on which the solvers are not run",
            )
        if name in experiment.runs:
            yield key, "this is the name of a run as well; choose another"
    if experiment.constructions.controls and CONTROL_SOLVER not in experiment.solvers.names:
        why = "which the controls are compared with; add it here or to solvers.headline"
        yield ("solvers", "others"), f"lacks {CONTROL_SOLVER}, {why}"


def _null_inconsistencies(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    for null in sorted({*experiment.solvers.nulls} & {*experiment.solvers.names}):
        yield (
            ("solvers", "nulls"),
            f"found '{null}', which is the name of a solver as well; rename its module",
        )


def _operator_inconsistencies(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    settings = experiment.operators
    for kind, shown in (("figures", experiment.figures), ("tables", experiment.tables)):
        for name, item in shown.items():
            if not settings.runs and any(table.startswith("metarep/operators") for table in item.others):
                yield (
                    (kind, name, "others"),
                    "operators.runs is empty, so no attention is measured; name runs",
                )
            if settings.anchor is None and "metarep/anchor" in item.others:
                yield (kind, name, "others"), "operators.anchor is absent, so nothing is compared; name a run"
    if settings.runs and settings.fit_prompts > experiment.prompts.fit:
        found = f"found {settings.fit_prompts}, but prompts.fit is {experiment.prompts.fit}"
        yield ("operators", "fit_prompts"), f"{found}; lower it, or raise prompts.fit"
    for key, runs in (("runs", settings.runs), ("anchor", [settings.anchor] if settings.anchor else [])):
        for run in runs:
            if run not in experiment.runs:
                yield ("operators", key), no_such("run", run, list(experiment.runs))
            elif experiment.runs[run].task in experiment.tasks:
                resolved = experiment.run(run)
                kernel, attention = resolved.task.kernel, resolved.model.attention
                wanted = {"runs": ("gaussian", "softmax"), "anchor": ("linear", "linear")}[key]
                if (kernel, attention) != wanted:
                    yield (
                        ("operators", key),
                        f"run '{run}' has kernel {kernel} and attention {attention}; "
                        f"allowed: kernel {wanted[0]} and attention {wanted[1]}",
                    )


def not_compared(experiment: Experiment, run: str, tables: Sequence[str]) -> str:
    """Return a message that a run is not compared with the solvers, so tables that need them do not exist."""
    kernel = experiment.run(run).task.kernel
    return (
        f"run '{run}' has kernel {kernel}, on which the solvers are not run, so there is no "
        f"{' or '.join(tables)} of it; allowed: runs of other kernels, or tables among "
        f"{', '.join(sorted(UNSOLVED_TABLES))}"
    )
