"""The manifest of a bundle: each file's digest, and all that it was made from.

A bundle is ``<name>.tar.xz`` with the members ``manifest.json``, ``files/<file>`` and
``records/<file>.json``, in this order, names relative to ``results/<scale>``. The manifest says of each
file from which sources (code and resolved settings, with their digests) it was made, through all stages; a
result may stand in for its rule exactly while these are what they were.
"""

import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from ickrr.errors import IckrrError
from ickrr.files import to_json

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
# Patterns below results/<scale>. Each tier is what the next stage needs: figures, tables and text need
# tables; tables need predictions; predictions need weights.
TIERS: Final[dict[str, tuple[str, ...]]] = {
    "tables": ("tables/**/*.parquet", "trained/*/*/run.json", "trained/*/*/rate.parquet"),
    "predictions": (
        "trained/*/*/*",
        "predictions/**/*.safetensors",
        "trajectories/**/*.safetensors",
        "prompts/*-evaluation.safetensors",
    ),
    "weights": ("trained/*/*/*",),
}


class BundleError(IckrrError):
    """A bundle is damaged, is not one, does not belong here, or cannot be made from these results."""


class Entry(BaseModel):
    """One result in a bundle.

    Attributes:
        sha256: digest of the file.
        size: bytes.
        sources: code and settings that it was made from, keys of `Manifest.sources`.
        models: seeds of every run whose trained models went into it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sha256: str
    size: int
    sources: list[str]
    models: dict[str, list[int]]


class Job(BaseModel):
    """The job that made a result.

    Attributes:
        rule: its rule.
        inputs: the results that it read.
        outputs: all that it wrote.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rule: str
    inputs: list[str]
    outputs: list[str]


class Manifest(BaseModel):
    """What is in a bundle.

    Attributes:
        format: version of this layout.
        tier: ``tables``, ``predictions`` or ``weights``.
        scale: scale of the results.
        made: where the results come from: dates, commits, devices, package versions; all values that occur.
        sources: digest of every source file, by its path in the project.
        settings: content of the sources that are resolved settings.
        files: the results, by name below ``results/<scale>``.
        jobs: how these and all their ancestors were made, by the name of the result.
        records: digest and size of the records of these and all their ancestors, by the name of the result.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: int
    tier: str
    scale: str
    made: dict[str, list[str]]
    sources: dict[str, str]
    settings: dict[str, Any]
    files: dict[str, Entry]
    jobs: dict[str, Job]
    records: dict[str, tuple[str, int]]

    def text(self) -> str:
        """Serialise; equal manifests give equal text."""
        return to_json(self.model_dump(mode="json"))

    def members(self) -> dict[str, tuple[str, int]]:
        """Digest and size of every archive member but the manifest, by name, in the order of the archive."""
        files = {f"files/{name}": (entry.sha256, entry.size) for name, entry in sorted(self.files.items())}
        records = {f"records/{name}.json": value for name, value in sorted(self.records.items())}
        return files | records

    def origin(self) -> str:
        """Say in half a line where the results come from."""
        made = {key: ", ".join(values) for key, values in self.made.items()}
        return f"run of {made['date']}, commit {made['commit']}, on {made['device']}"


def parse_manifest(text: str, place: str) -> Manifest:
    """Read a manifest.

    Args:
        text: its JSON.
        place: named in errors.

    Raises:
        BundleError: it is not JSON, lacks a key, has another format, or names a file outside the results.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise BundleError(f"{place}: its {MANIFEST} is not JSON ({error}); get the bundle again") from error
    found = value.get("format") if isinstance(value, Mapping) else None
    if found != FORMAT:
        raise BundleError(
            f"{place}: key 'format' of its {MANIFEST} is {found!r}, this version reads {FORMAT}; "
            "get a bundle for this version"
        )
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise BundleError(
            f"{place}: key '{key}' of its {MANIFEST} is not valid ({first['msg']}); get the bundle again"
        ) from error
    for name in [*manifest.files, *manifest.records]:
        if not inside(name):
            raise BundleError(
                f"{place}: names the file '{name}', which climbs out of the results; do not trust this bundle"
            )
    return manifest


def inside(name: str) -> bool:
    """Tell whether a name stays below the folder it is relative to, and is written in one way only."""
    path = PurePosixPath(name)
    plain = not path.is_absolute() and ".." not in path.parts and path.parts
    return bool(plain) and str(path) == name and "\\" not in name and "\0" not in name
