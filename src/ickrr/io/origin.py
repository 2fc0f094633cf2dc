"""Checks that a file was made for what is at hand, by the record that its metadata hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from ickrr.errors import FileError

ADVICE: Final = "delete it and run snakemake again"


def require_equal(path: str | Path, key: str, found: object, wanted: object, whose: str) -> None:
    """Refuse a file whose metadata differ from what is wanted.

    Args:
        path: file that is refused.
        key: name of the metadata entry, empty for all of them.
        found: its value in the file; mappings are compared key by key.
        wanted: the value it must have.
        whose: what wants it.

    Raises:
        FileError: they differ; the message names every key that does, with both values.
    """
    if different := list(differences(found, wanted, key)):
        raise FileError(f"{path}: was not made for {whose}: {'; '.join(different)}; {ADVICE}")


def differences(found: Any, wanted: Any, key: str) -> Iterator[str]:
    """Yield the dotted keys below a key at which two nested records differ, with both values."""
    if not (isinstance(found, Mapping) and isinstance(wanted, Mapping)):
        if found != wanted or type(found) is not type(wanted):
            yield f"its '{key}' is {found!r}, expected {wanted!r}"
        return
    for name in dict.fromkeys((*wanted, *found)):
        yield from differences(found.get(name), wanted.get(name), f"{key}.{name}" if key else name)
