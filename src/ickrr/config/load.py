"""Read config.yaml and its overlays into an `Experiment`, or say in one message what is wrong and where.

Layers, later ones win: config.yaml, the overlay of the scale, an overlay of one's own, values of the
command line.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from ickrr.config.code_behind import faulty_entries, undrawable
from ickrr.config.experiment import UNSOLVED_TABLES, Experiment, Scale, merge
from ickrr.config.model import ModelSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.errors import ConfigError

SCALES: tuple[str, ...] = get_args(Scale)
DEFAULT_SCALE = "laptop"
OVERLAYS = Path("workflow/scales")
COMMAND_LINE = "command line"

KeyPath = tuple[str, ...]
Positions = dict[KeyPath, str]


_Base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster where PyYAML was built with it


class _Loader(_Base):  # type: ignore[misc]  # chosen at run time
    """Safe YAML that reads ``1e-6`` as a number, as YAML 1.2 does."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$"),
    list("-+0123456789."),
)


def load_experiment(
    config_file: str | Path,
    scale: str | None = None,
    overlay: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Experiment:
    """Load and check the whole configuration.

    Args:
        config_file: the default experiment; overlays lie in ``workflow/scales`` beside it.
        scale: ``smoke``, ``laptop`` or ``paper``; the file's own scale when absent.
        overlay: a further file of the same form, laid on top of the scale.
        overrides: values given on the command line, laid on top of everything.

    Raises:
        ConfigError: a file is missing or does not parse, or a key or a value is wrong. The message
            names file, line, key, value and what is allowed.
    """
    config_file = Path(config_file)
    values, positions = read_yaml(config_file)
    chosen = str(scale or values.get("scale", DEFAULT_SCALE))
    if chosen not in SCALES:
        where = COMMAND_LINE if scale else positions[("scale",)]
        raise ConfigError(
            f"{where}: scale: found '{chosen}'; allowed: {', '.join(SCALES)}{_hint(chosen, SCALES)}"
        )
    layers: list[tuple[dict[str, Any], Positions]] = []
    if chosen != DEFAULT_SCALE:
        layers.append(read_yaml(config_file.parent / OVERLAYS / f"{chosen}.yaml"))
    if overlay:
        layers.append(read_yaml(Path(overlay)))
    if overrides:
        layers.append((dict(overrides), _positions_of_values(overrides)))
    for layer, layer_positions in layers:
        values = merge(values, layer)
        positions |= layer_positions
    values["scale"] = chosen
    return _validated(values, positions, str(config_file))


def read_yaml(path: Path) -> tuple[dict[str, Any], Positions]:
    """Read a YAML file, and where each of its keys stands.

    Returns:
        Its values, and ``file:line`` of every key path.

    Raises:
        ConfigError: the file is missing, does not parse, is no mapping, or gives a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); the file must exist") from error
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}, {}
        positions: Positions = {}
        values = _construct(loader, node, (), positions, path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(
            f"{path}{line}: not valid YAML: {problem}; mind indentation, colons and brackets"
        ) from error
    finally:
        loader.dispose()
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected 'key: value' lines at the top, found {values!r}")
    return values, positions


def _construct(loader: _Loader, node: yaml.Node, key: KeyPath, positions: Positions, path: Path) -> Any:
    positions[key] = f"{path}:{node.start_mark.line + 1}"
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node, deep=True)
    values: dict[str, Any] = {}
    for key_node, value_node in node.value:
        name = str(loader.construct_object(key_node))
        where = f"{path}:{key_node.start_mark.line + 1}"
        if name in values:
            raise ConfigError(f"{where}: {'.'.join((*key, name))}: this key stands twice; keep one")
        values[name] = _construct(loader, value_node, (*key, name), positions, path)
        positions[(*key, name)] = where
    return values


def _positions_of_values(values: Mapping[str, Any], key: KeyPath = ()) -> Positions:
    positions: Positions = {}
    for name, value in values.items():
        positions[(*key, name)] = COMMAND_LINE
        if isinstance(value, Mapping):
            positions |= _positions_of_values(value, (*key, name))
    return positions


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
            merged = merge(experiment.base.model.model_dump(), control.model)
            check(ModelSettings, merged, key, ("base", "model"))
    if not problems:
        problems += [
            f"{_where(key, positions, default)}: {'.'.join(key)}: {problem}"
            for key, problem in _inconsistencies(experiment)
        ]
    if problems:
        raise ConfigError("\n".join(dict.fromkeys(problems)))
    checked: Experiment = experiment
    return checked


def _inconsistencies(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield what no single value shows: names that are not there, and context lengths above N."""
    if faults := list(faulty_entries(experiment)):
        yield from faults
        return  # what follows asks them
    yield from undrawable(experiment)
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
    controls = experiment.constructions.controls
    for name, table in experiment.tables.items():
        for control_name in table.controls:
            if control_name not in controls:
                yield ("tables", name, "controls"), no_such("control", control_name, list(controls))
    for name, control in controls.items():
        key = ("constructions", "controls", name)
        if control.task not in experiment.tasks:
            yield (*key, "task"), no_such("task", control.task, list(experiment.tasks))
        if name in experiment.runs:
            yield key, "this is the name of a run as well; choose another"
    for run in experiment.compute.first_runs:
        if run not in experiment.runs:
            yield ("compute", "first_runs"), no_such("run", run, list(experiment.runs))
    lengths = experiment.statistics.context_lengths
    for name, overrides in experiment.runs.items():
        if overrides.task not in experiment.tasks:
            yield ("runs", name, "task"), no_such("task", overrides.task, list(experiment.tasks))
            continue
        resolved = experiment.run(name)
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
    """Say that tables which need the solvers are asked for of a run that is not compared with them."""
    kernel = experiment.run(run).task.kernel
    return (
        f"run '{run}' has kernel {kernel}, on which the solvers are not run, so there is no "
        f"{' or '.join(tables)} of it; allowed: runs of other kernels, or tables among "
        f"{', '.join(sorted(UNSOLVED_TABLES))}"
    )


def no_such(kind: str, name: str, known: list[str]) -> str:
    """Say that a name is not among the known ones, with the nearest of them."""
    return f"found '{name}', which is not a {kind}{_hint(name, known)}; allowed: {', '.join(known)}"


def describe_problem(
    item: Any,
    model: type[BaseModel],
    prefix: KeyPath,
    base: KeyPath,
    positions: Positions,
    default: str,
) -> str:
    """Say where one of pydantic's complaints comes from, what was found and what is allowed.

    Args:
        item: one entry of ``ValidationError.errors()``.
        model: the settings that were validated.
        prefix: keys above them in the file.
        base: keys of the block that these refine, where a value may come from.
        positions: as `read_yaml` returns them.
        default: file to name where no position is known.
    """
    location = tuple(str(part) for part in item["loc"] if part != "[key]")
    key = (*prefix, *location)
    if base and key not in positions and (*base, *location) in positions and location:
        key = (*base, *location)
    where = f"{_where(key, positions, default)}: {'.'.join(key) or 'top level'}"
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        return f"{where}: unknown key{_hint(location[-1], known)}; allowed: {', '.join(known)}"
    if kind == "value_error":
        return f"{where}: {context['error']}"
    found = f"found {item['input']!r}"
    if kind == "literal_error":
        expected = context["expected"]
        return f"{where}: {found}; allowed: {expected}{_hint(str(item['input']), expected)}"
    if kind == "too_short":
        return f"{where}: found an empty list; give at least {context['min_length']} value(s)"
    if kind == "string_pattern_mismatch":
        return f"{where}: {found}; names are lower-case letters, digits and _, and start with a letter"
    message = item["msg"].replace("Input should be", "expected").replace("a valid ", "")
    return f"{where}: {found}; {message[0].lower()}{message[1:]}"


def _known_keys(model: type[BaseModel], location: KeyPath) -> list[str]:
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        elif get_origin(current) in (dict, list):
            current = get_args(current)[-1]
    return list(current.model_fields)


def _hint(word: str, known: Sequence[str] | str) -> str:
    candidates = re.findall(r"[\w/]+", known) if isinstance(known, str) else known
    nearest = difflib.get_close_matches(word, candidates, n=1)
    return f" (did you mean '{nearest[0]}'?)" if nearest else ""


def _where(key: KeyPath, positions: Positions, default: str) -> str:
    for length in range(len(key), 0, -1):
        if key[:length] in positions:
            return positions[key[:length]]
    return default
