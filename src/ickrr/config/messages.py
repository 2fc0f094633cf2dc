"""Write the messages on faulty configuration: file, line, key, what was found, what is allowed."""

import difflib
import re
from collections.abc import Sequence
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from ickrr.config.fields import DERIVED
from ickrr.config.yaml_text import KeyPath, Positions

MAPPING = "'key: value' lines below it, or {key: value}"
WANTED: Final = {
    "model_type": MAPPING,
    "dict_type": MAPPING,
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}
"""What is wanted in terms of YAML, for faults that pydantic states in terms of Python."""


def no_such(kind: str, name: str, known: list[str]) -> str:
    """Return a message that a name is unknown, with the nearest known one."""
    allowed = ", ".join(known) or "none"
    return f"found '{name}', which is not a {kind}{hint(name, known)}; allowed: {allowed}"


def describe_problem(
    item: Any,
    model: type[BaseModel],
    prefix: KeyPath,
    base: KeyPath,
    positions: Positions,
    default: str,
) -> str:
    """Return the message for one of pydantic's errors: where it is, what was found and what is allowed.

    Args:
        item: one entry of ``ValidationError.errors()``.
        model: the settings that were validated.
        prefix: keys above them in the file.
        base: keys of the block that they override, which a value may come from.
        positions: places of keys, as `read_yaml` returns them.
        default: file to name if no position is known.
    """
    location = tuple(str(part) for part in item["loc"] if part != "[key]")
    key = (*prefix, *location)
    if base and key not in positions and (*base, *location) in positions and location:
        key = (*base, *location)
    where = f"{place_of(key, positions, default)}: {'.'.join(key) or 'top level'}"
    kind, context = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        known = _known_keys(model, location[:-1])
        return f"{where}: unknown key{hint(location[-1], known)}; allowed: {', '.join(known)}"
    if kind == "value_error":
        return f"{where}: {context['error']}"
    found = f"found {item['input']!r:.120}"
    if kind == "not_held":
        endless = isinstance(context["item"], float) and _may_be_absent(model, location)
        or_null = ", or null for none" if endless else ""
        return f"{where}: found {context['item']!r:.40}; {context['problem']}{or_null}"
    if kind == "repeated":
        return f"{where}: {found}, which holds {context['item']} twice; keep one"
    if kind == "literal_error":
        expected = context["expected"]
        return f"{where}: {found}; allowed: {expected}{hint(str(item['input']), expected)}"
    if kind == "too_short":
        kind_of = "mapping" if isinstance(item["input"], dict) else "list"
        return f"{where}: found an empty {kind_of}; give at least {context['min_length']} value(s)"
    if kind == "string_pattern_mismatch":
        return f"{where}: {found}; names are lower-case letters, digits and _, and start with a letter"
    if kind in WANTED:
        return f"{where}: {found}; expected {WANTED[kind]}"
    message = item["msg"].replace("Input should be", "expected").replace("a valid ", "")
    return f"{where}: {found}; {message[0].lower()}{message[1:]}"


def _may_be_absent(model: type[BaseModel], location: KeyPath) -> bool:
    owner = _type_at(model, location[:-1])
    is_model = isinstance(owner, type) and issubclass(owner, BaseModel)
    return is_model and type(None) in get_args(owner.model_fields[location[-1]].annotation)


def _known_keys(model: type[BaseModel], location: KeyPath) -> list[str]:
    fields = _type_at(model, location).model_fields
    return [name for name, field in fields.items() if DERIVED not in field.metadata]


def _type_at(model: type[BaseModel], location: KeyPath) -> Any:
    current: Any = model
    for part in location:
        if isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[part].annotation
        elif get_origin(current) in (dict, list):
            current = get_args(current)[-1]
    return current


def hint(word: str, known: Sequence[str] | str) -> str:
    """Return a question that names the nearest of the known words, if one is near."""
    candidates = re.findall(r"[\w/]+", known) if isinstance(known, str) else known
    nearest = difflib.get_close_matches(word, candidates, n=1)
    return f" (did you mean '{nearest[0]}'?)" if nearest else ""


def place_of(key: KeyPath, positions: Positions, default: str) -> str:
    """Return file and line of a key, or of the nearest one above it that has a place."""
    for length in range(len(key), 0, -1):
        if key[:length] in positions:
            return positions[key[:length]]
    return default
