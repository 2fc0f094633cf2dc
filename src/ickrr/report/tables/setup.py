"""Table of every setting: key, value, unit, where it comes from, what it is.

Values are those of the resolved experiment; unit, source and description come from the schema, which is
their only home. Texts for people and what the library works out are no settings.
"""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from ickrr.config.constructions import ControlSettings
from ickrr.config.experiment import OVERRIDDEN, Experiment
from ickrr.config.fields import DERIVED, WORDS, Settings
from ickrr.config.task import TaskSettings
from ickrr.report.formatting import escape, setting_number
from ickrr.report.table import PaperTable


class Setting(NamedTuple):
    """One documented setting."""

    key: str
    value: Any
    unit: str
    source: str
    description: str


def build(experiment: Experiment, tables: Sequence[Path]) -> PaperTable:
    """Build the table of every setting.

    Args:
        experiment: the resolved experiment.
        tables: not read; every table has the same signature.

    Returns:
        Columns `key, value, unit, source, description`, the value as JSON; LaTeX as a `longtable`, which
        may not stand in a float.
    """
    del tables
    found = list(settings_of(experiment))
    frame = pd.DataFrame(found, columns=list(Setting._fields))
    frame["value"] = [json.dumps(value) for value in frame["value"]]
    shown = pd.DataFrame(
        {
            "Setting": [_breakable(entry.key) for entry in found],
            "Value": [_value(entry.value, entry.unit) for entry in found],
            "Source": [entry.source for entry in found],
            "Meaning": [_code(escape(entry.description)) for entry in found],
        }
    )
    ragged = r">{\raggedright\arraybackslash}"
    latex = shown.style.hide(axis="index").to_latex(
        environment="longtable",
        hrules=True,
        column_format=rf"@{{}}{ragged}p{{1.9in}}{ragged}p{{1.15in}}l{ragged}p{{2.2in}}@{{}}",
    )
    return PaperTable(frame, f"{{\\scriptsize\n{latex}}}\n")


def settings_of(experiment: Experiment) -> Iterator[Setting]:
    """Yield every setting of an experiment, in the order of the schema, with dotted keys."""
    yield from _walk("", experiment)


def _walk(prefix: str, settings: Settings) -> Iterator[Setting]:
    for name, field in type(settings).model_fields.items():
        if {WORDS, DERIVED} & {*filter(None, field.metadata)}:
            continue
        value = getattr(settings, name)
        key = f"{prefix}{name}"
        overridden = OVERRIDDEN.get((type(settings), name))
        if overridden and isinstance(settings, ControlSettings):
            overridden = settings.architecture
        if isinstance(value, Settings):
            yield from _walk(f"{key}.", value)
        elif overridden is TaskSettings:
            for task, overrides in value.items():
                yield from _overrides(f"{key}.{task}.", TaskSettings, overrides)
        elif overridden is not None:
            yield from _overrides(f"{key}.", overridden, value)
        elif isinstance(value, dict):
            for entry, content in value.items():
                yield from _walk(f"{key}.{entry}.", content)
        # None where it is the default means that the base's or another value holds, which has its own row.
        elif value is not None or field.default is not None:
            yield _setting(key, value, field)


def _overrides(prefix: str, settings: type[Settings], overrides: dict[str, Any]) -> Iterator[Setting]:
    for name, value in overrides.items():
        field = settings.model_fields[name]
        if isinstance(value, dict):
            nested = field.annotation
            assert isinstance(nested, type) and issubclass(nested, Settings)
            yield from _overrides(f"{prefix}{name}.", nested, value)
        else:
            yield _setting(f"{prefix}{name}", value, field)


def _setting(key: str, value: Any, field: Any) -> Setting:
    extra = field.json_schema_extra or {}
    return Setting(
        key, value, extra.get("unit", ""), extra.get("source", "our choice"), field.description or ""
    )


def _breakable(key: str) -> str:
    text = escape(key).replace(".", r".\allowbreak ").replace(r"\_", r"\_\allowbreak ")
    return rf"\texttt{{{text}}}"


def _code(text: str) -> str:
    return re.sub("`([^`]*)`", r"\\texttt{\1}", text)


def _value(value: Any, unit: str) -> str:
    if isinstance(value, list):
        text = ", ".join(_value(entry, "") for entry in value) or "none"
    elif value is None:
        text = "none"
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, int | float):
        text = setting_number(value)
    else:
        text = escape(str(value)).replace(r"\_", r"\_\allowbreak ")
    return f"{text} {escape(unit)}".strip()
