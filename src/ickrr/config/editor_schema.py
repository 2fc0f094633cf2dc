"""The JSON schema of config.yaml and its overlays, with which editors complete keys and mark mistakes.

It says what the schema of the settings says: keys, types, bounds, names that exist. What depends on several
keys at once (a run whose task does not exist, an override without an effect) is only checked when the
configuration is read.
"""

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from ickrr.config.experiment import OVERRIDDEN, Experiment
from ickrr.config.fields import DERIVED, LARGEST, LARGEST_INTEGER
from ickrr.entries import Entries

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
CHANGES: Final = {"^.+[+-]$": True}
"""Keys of overlays that extend a list or take something out of one (``runs+``, ``runs-``)."""
FLAG: Final = {"enum": [True, False, 0, 1, "yes", "no", "on", "off", "true", "false"]}


class _Generator(GenerateJsonSchema):
    """Knows the entries (kernels, laws, solvers), whose names are those of files."""

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        found = super().function_after_schema(schema)
        entries = getattr(schema["function"]["function"], "__self__", None)
        if isinstance(entries, Entries):
            found["enum"] = list(entries)
        return found


def editor_schema() -> dict[str, Any]:
    """Return the JSON schema."""
    models: set[type[BaseModel]] = {Experiment, *OVERRIDDEN.values()}
    ordered = sorted(models, key=lambda model: model.__name__)
    _, schema = models_json_schema(
        [(model, "validation") for model in ordered],
        schema_generator=_Generator,
        ref_template="#/$defs/{model}",
    )
    definitions = schema["$defs"]
    for model in _models(Experiment) | models:
        _complete(definitions[model.__name__], model)
    return {
        "$schema": DIALECT,
        "title": "config.yaml of ickrr, and overlays of it",
        "$ref": f"#/$defs/{Experiment.__name__}",
        "$defs": {name: _without_titles(definition) for name, definition in sorted(definitions.items())},
    }


def _models(model: type[BaseModel]) -> set[type[BaseModel]]:
    """Return a model and all below it."""
    found, pending = {model}, [model]
    while pending:
        for annotation in pending.pop().__annotations__.values():
            for inner in _parts(annotation):
                if isinstance(inner, type) and issubclass(inner, BaseModel) and inner not in found:
                    found.add(inner)
                    pending.append(inner)
    return found


def _parts(annotation: Any) -> list[Any]:
    inner = [part for argument in getattr(annotation, "__args__", ()) for part in _parts(argument)]
    return [annotation, *inner]


def _complete(definition: dict[str, Any], model: type[Any]) -> None:
    """Leave out of a definition what nobody writes, and add what the settings check beside types."""
    definition.pop("required", None)
    definition["patternProperties"] = CHANGES
    for name, field in model.model_fields.items():
        if DERIVED in field.metadata:
            del definition["properties"][name]
            continue
        said = definition["properties"][name]
        by_name = said.get("patternProperties")
        if overridden := OVERRIDDEN.get((model, name)):
            reference = {"$ref": f"#/$defs/{overridden.__name__}"}
            if by_name:
                by_name |= dict.fromkeys(by_name, reference)
            else:
                said.pop("additionalProperties", None)
                said |= reference
        if by_name:
            said |= {"patternProperties": by_name | CHANGES, "additionalProperties": False}
        _bound(said)


def _bound(schema: dict[str, Any]) -> None:
    """Add the bounds that all numbers have, uniqueness to lists, and to flags all ways of YAML."""
    kind = schema.get("type")
    if kind == "integer":
        schema.setdefault("maximum", LARGEST_INTEGER)
    elif kind == "number":
        schema.setdefault("maximum", LARGEST)
    elif kind == "array":
        schema["uniqueItems"] = True
        _bound(schema["items"])
    elif kind == "boolean":
        schema.pop("type")
        schema |= FLAG
    for inner in (*schema.get("anyOf", ()), *filter(None, [schema.get("additionalProperties")])):
        if isinstance(inner, dict):
            _bound(inner)


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that pydantic makes of names, and without our own marks."""
    if isinstance(schema, list):
        return [_without_titles(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    left_out = {"source", "unit"} | ({"title"} if isinstance(schema.get("title"), str) else set())
    return {
        name: {key: _without_titles(one) for key, one in value.items()}
        if name == "properties"
        else _without_titles(value)
        for name, value in schema.items()
        if name not in left_out
    }
