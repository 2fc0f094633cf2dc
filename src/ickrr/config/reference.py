"""Write docs/configuration.md, the reference of all settings, from the schema."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ickrr.config.constructions import ControlSettings
from ickrr.config.experiment import Experiment
from ickrr.config.fields import DERIVED, WORDS
from ickrr.config.model import BuiltModelSettings
from ickrr.entries import Entries

HEADER = """# Configuration reference

This page is made from the schema by `ickrr config --reference docs/configuration.md`; a test fails if it is
out of date.

`config.yaml` is the whole default (laptop) experiment. A scale is an overlay:
`snakemake --config scale=smoke` lays `workflow/scales/smoke.yaml` on top. Your own overlay is
`snakemake --config overlay=mine.yaml`, or several in their order, `'overlay=[one.yaml,two.yaml]'`. Single
values go on top of everything: `--config 'runs={deeper: {task: spherical, model: {layers: 16}}}'`. Later
layers win, even if an overlay names a `scale`. Snakemake's `--configfile mine.yaml` works too, but its
mistakes are reported without their line.

`ickrr config`, `estimate` and `why` take `--scale` and `--overlay` (given again for each further overlay);
`config` prints what comes out. Editors with a YAML language server complete keys and mark mistakes: the
first line of config.yaml (`# yaml-language-server: $schema=..`) names docs/config.schema.json, and may begin
your overlays, too. A task is `base.task` plus its overrides; a run is `base.model` and
`base.training` plus its overrides.

In an overlay mappings merge, lists and values are replaced, and

    figures:
      fig9: {runs+: [heads_sixteen]}      # extends a list of the layers below
      fig13: {runs-: [no_mlp]}            # takes an entry out of a list
      fig_training: {runs: ["linear_*"]}  # runs of a figure or table by pattern, in their order
    tables-: [tab_cost]                   # takes a name out of a mapping; the text must not show it
    runs:
      heads_sixteen: {task: spherical, model: {heads: 16}}
      one: &one {task: spherical, model: {layers: 2}}
      two: {<<: *one, task: uniform}      # YAML's merge keys

Files are UTF-8, or begin with the mark of their encoding. Numbers are those of YAML 1.2 and finite: integers
up to 2^32 - 1, others up to 1e18, and no smaller than 1e-18 if they must not be 0. If true or false is
wanted, `no`, `off`, `false` and `0` all mean false. `null` means that there is no value. No list holds a
value twice.

A setting that would not be used is refused: an unknown key, a run that a figure cannot show, an option that
its kind does not take (`src/ickrr/config/shown.py` says what each can), an override that has no effect beside
the run's other settings, and, except at the smoke scale, a run that has the task, the model and the training
of another one (`src/ickrr/config/idle.py`); a run that is the base's own because you changed the base may
stay. So are the tables that a figure or a table of the paper reads: its notebook or its module says which.

The column *source* says where a value comes from: *sources* if the papers state it, *our choice* if they do
not, and *technical* if it has no influence on the science. Every key below `base.task` can be overridden in
`tasks.<name>`, and every key below `base.model` and `base.training` in `runs.<name>.model` and
`runs.<name>.training`. The model of a control whose weights are built has settings of its own,
which are listed with the control.

| key | type | default | unit | source | what it is |
| --- | --- | --- | --- | --- | --- |
"""


def reference() -> str:
    """Return the reference of every key as Markdown."""
    return HEADER + "".join(_row(key, field) for key, field in walk(Experiment))


def walk(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Yield every leaf setting below a model with its dotted key.

    In the key of a mapping from names, ``<name>`` stands for the name.
    """
    for name, field in model.model_fields.items():
        key, annotation = f"{prefix}{name}", field.annotation
        if get_origin(annotation) is dict:
            key, annotation = f"{key}.<name>", get_args(annotation)[1]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from walk(annotation, f"{key}.")
        elif DERIVED not in field.metadata:
            yield key, field
        if (model, name) == (ControlSettings, "model"):
            yield from walk(BuiltModelSettings, key.removesuffix("<name>"))


def describe_type(annotation: Any, *metadata: Any) -> str:
    """Return a field's type in words."""
    arguments = get_args(annotation)
    if get_origin(annotation) is Annotated:
        return describe_type(annotation.__origin__, *annotation.__metadata__)
    if entries := next((item for item in metadata if isinstance(item, Entries)), None):
        return ", ".join(f"`{name}`" for name in entries)
    if WORDS in metadata:
        return "text"
    if get_origin(annotation) is dict:
        return "overrides"
    if get_origin(annotation) is list:
        return f"list of {describe_type(arguments[0])}"
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return ", ".join(f"`{argument}`" for argument in arguments)
    if arguments:
        return " or ".join(describe_type(a) for a in arguments if not isinstance(a, FieldInfo))
    names = {
        int: "integer",
        float: "number",
        bool: "true or false",
        str: "name",
        type(None): "nothing",
    }
    return names.get(annotation, "any")


def _row(key: str, field: FieldInfo) -> str:
    extra: dict[str, Any] = field.json_schema_extra  # type: ignore[assignment]
    bounds = [
        f"{sign} {getattr(item, name)}"
        for item in field.metadata
        for name, sign in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="))
        if hasattr(item, name)
    ]
    kind, absent, _ = describe_type(field.annotation, *field.metadata).partition(" or nothing")
    kind = " ".join([kind, *bounds]) + absent
    cells = (
        f"`{key}`",
        kind,
        f"`{field.default}`",
        extra["unit"],
        extra["source"],
        field.description,
    )
    escaped = (str(cell).replace("|", r"\|") for cell in cells)
    return f"| {' | '.join(escaped)} |\n"
