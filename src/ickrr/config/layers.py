"""Lay one layer of configuration on another, and give values of the command line the schema's types.

Mappings merge; everything else is replaced. ``key+: [..]`` appends entries to a list of the layers below;
``key-: [..]`` takes entries out of a list, or names out of a mapping.
"""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from ickrr.config.experiment import OVERRIDDEN, Experiment
from ickrr.config.fields import Settings
from ickrr.config.messages import hint
from ickrr.config.yaml_text import KeyPath, Positions, scalar
from ickrr.errors import ConfigError

COMMAND_LINE: Final = "command line"
EXTEND, REMOVE = "+", "-"


def overlaid(
    base: Mapping[str, Any], layer: Mapping[str, Any], positions: Positions, key: KeyPath = ()
) -> dict[str, Any]:
    """Return one nested mapping with another laid on it.

    Args:
        base: the mapping below.
        layer: the mapping on top.
        positions: where each key of the layer stands; the keys of lists that it changes are added.
        key: keys above both.

    Raises:
        ConfigError: the layer extends something that is not a list, or takes out what is not there.
    """
    merged = dict(base)
    for name, value in layer.items():
        plain, sign = name[:-1], name[-1:]
        if sign in (EXTEND, REMOVE):
            where = f"{positions[(*key, name)]}: {'.'.join((*key, name))}"
            if isinstance(layer.get(plain), list):
                raise ConfigError(f"{where}: '{plain}' stands beside it; keep one")
            change = _extended if sign == EXTEND else _reduced
            merged[plain] = change(merged.get(plain), value, where)
            positions[(*key, plain)] = positions[(*key, name)]
        elif isinstance(value, Mapping):
            below = merged.get(name)
            below = below if isinstance(below, Mapping) else {}
            merged[name] = overlaid(below, value, positions, (*key, name))
        else:
            merged[name] = value
    return merged


def _extended(below: Any, entries: Any, where: str) -> list[Any]:
    if not isinstance(below, list):
        if isinstance(below, Mapping):
            raise ConfigError(
                f"{where}: extends a list, but this is a mapping, which merges; leave out the +"
            )
        found = "there is none" if below is None else f"found {below!r:.60}"
        raise ConfigError(f"{where}: extends a list of the layers below, but {found}; give the whole value")
    return [*below, *_listed(entries, where)]


def _reduced(below: Any, entries: Any, where: str) -> Any:
    if not isinstance(below, list | Mapping):
        found = "there is none" if below is None else f"found {below!r:.60}"
        raise ConfigError(
            f"{where}: takes entries out of the layers below, but {found}; give the whole value"
        )
    for entry in _listed(entries, where):
        if entry not in [*below]:
            known = [str(one) for one in below]
            raise ConfigError(
                f"{where}: {entry!r} is not there{hint(str(entry), known)}; allowed: {', '.join(known)}"
            )
    if isinstance(below, Mapping):
        return {name: value for name, value in below.items() if name not in entries}
    return [entry for entry in below if entry not in entries]


def _listed(entries: Any, where: str) -> list[Any]:
    if not isinstance(entries, list):
        raise ConfigError(f"{where}: found {entries!r:.60}; give a list")
    return entries


def positions_of(values: Any, where: str, key: KeyPath = ()) -> Positions:
    """Return positions that give the same place for every key."""
    positions: Positions = {key: where}
    if isinstance(values, Mapping):
        for name, value in values.items():
            positions |= positions_of(value, where, (*key, str(name)))
    return positions


def typed(value: Any, wanted: Any = Experiment) -> Any:
    """Return a value with the type that the schema wants, because Snakemake hands over nested ones as text.

    A value that is not text stays as it is. So does text if text is wanted, or if it can be nothing else.

    Args:
        value: a value of the command line.
        wanted: the type that the schema has for it.
    """
    wanted, *others = _alternatives(wanted)
    if isinstance(value, Mapping):
        return {str(name): typed(item, _type_of(wanted, str(name))) for name, item in value.items()}
    if isinstance(value, list):
        return [typed(item, get_args(wanted)[0] if get_origin(wanted) is list else Any) for item in value]
    if not isinstance(value, str):
        return value
    read = scalar(value)
    is_text = wanted is str or get_origin(wanted) is Literal
    return value if is_text and not (read is None and type(None) in others) else read


def _alternatives(wanted: Any) -> list[Any]:
    """Return the members of a union without annotations, None last."""
    members = get_args(wanted) if get_origin(wanted) in (Union, UnionType) else (wanted,)
    bare = [member.__origin__ if get_origin(member) is Annotated else member for member in members]
    return sorted(bare, key=lambda member: member is type(None))


def _type_of(wanted: Any, name: str) -> Any:
    """Return the type that the schema has under a name: of a setting, or of an entry of a mapping."""
    if get_origin(wanted) is dict:
        return get_args(wanted)[1]
    if isinstance(wanted, type) and issubclass(wanted, Settings):
        plain = name.rstrip(EXTEND + REMOVE)
        overridden = OVERRIDDEN.get((wanted, plain))
        if overridden:
            return dict[str, overridden] if wanted is Experiment else overridden  # type: ignore[valid-type]
        if plain in wanted.model_fields:
            return wanted.model_fields[plain].annotation
    return Any
