"""What every result came from: a record of each file that a rule wrote, kept apart from the files.

The record of ``results/<scale>/<file>`` is ``results/<scale>/records/<file>.json``. It holds the digest
(SHA-256) of the file and of all that went into it, so that a damaged file is noticed before it is read, and
so that the way back from a figure to weights, seeds, settings and code can be walked. Records hold times and
commits, which vary between equal runs; nothing that is compared byte by byte is in them.

Only the entry point ``python -m ickrr`` and the verbs about results read this module: no verb that computes
something has it in its import closure.
"""

import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ickrr.errors import FileError
from ickrr.files import read_json, write_json
from ickrr.provenance import record as provenance

CHUNK = 1 << 20  # [bytes] read at a time
COUNTS = ("--seed", "--seeds", "--threads")  # options worth a key of their own in a record
Record = dict[str, Any]


def digest(path: str | Path) -> str:
    """Return the SHA-256 of a file's content, as hexadecimal text."""
    found = hashlib.sha256()
    with Path(path).open("rb") as handle:
        while block := handle.read(CHUNK):
            found.update(block)
    return found.hexdigest()


@dataclass(frozen=True)
class Records:
    """The records of one folder of results.

    Args:
        results: the folder ``results/<scale>``, relative to the working directory like all recorded paths.
    """

    results: Path

    def path(self, file: str | Path) -> Path | None:
        """Where the record of a result is, None for a file outside the folder (a source) or a record."""
        try:
            name = Path(file).relative_to(self.results)
        except ValueError:
            return None
        if name.parts[0] in ("records", "restored"):
            return None
        return self.results / "records" / name.with_name(f"{name.name}.json")

    def of(self, file: str | Path) -> Record | None:
        """Return the record of a file, also of one that a restored bundle only tells about.

        Raises:
            FileError: the record is damaged.
        """
        path = self.path(file)
        if path is None:
            return None
        name = path.relative_to(self.results / "records")
        places = [path, *sorted(self.results.glob(f"restored/*/records/{name}"))]
        found = next((place for place in places if place.exists()), None)
        if found is None:
            return None
        record = read_json(found)
        if not isinstance(record, dict) or not {"rule", "inputs", "outputs"} <= set(record):
            raise FileError(f"{found}: is not a record; delete {file} and run snakemake again")
        return record

    def recorded(self) -> list[Path]:
        """List the results that have a record, sorted."""
        folder = self.results / "records"
        names = (path.relative_to(folder) for path in folder.rglob("*.json"))
        return sorted(self.results / name.with_suffix("") for name in names)

    def check(self, files: Iterable[str | Path]) -> dict[str, str]:
        """Return the digests of files, after comparing each with its record.

        Args:
            files: what is about to be read; sources and results without a record are taken as they are.

        Raises:
            FileError: a file is missing, or is not what the rule of its record wrote.
        """
        digests = {}
        for file in files:
            try:
                digests[str(file)] = found = digest(file)
            except FileNotFoundError as error:
                raise FileError(f"{file}: no such file; run snakemake to make it") from error
            record = self.of(file)
            if record is None:
                continue
            told = str(record["outputs"].get(str(file)))
            if told != found:
                raise FileError(
                    f"{file}: is not what rule {record['rule']} wrote (SHA-256 {found[:12]}.., its record "
                    f"says {told[:12]}..), so it was damaged or edited since; "
                    "delete it and run snakemake again"
                )
        return digests

    def forget(self, files: Iterable[str | Path]) -> None:
        """Remove the records of files that are about to be written."""
        for path in filter(None, map(self.path, files)):
            path.unlink(missing_ok=True)

    def keep(self, files: Sequence[str | Path], facts: Record) -> None:
        """Write the record of a job's outputs, one copy for each."""
        record = {**facts, "outputs": {str(file): digest(file) for file in files}}
        for path in filter(None, map(self.path, files)):
            write_json(path, record)


def facts(
    rule: str, verb: str, options: Sequence[str], inputs: dict[str, str], results: Path, started: datetime
) -> Record:
    """Describe a job that has just ended.

    Args:
        rule: name of its rule.
        verb: its verb.
        options: the command line behind the verb.
        inputs: digests of what it read.
        results: the folder ``results/<scale>``.
        started: when it started.
    """
    specs = [name for name in inputs if Path(name).is_relative_to(results / "specs")]
    return provenance(
        verb,
        rule=rule,
        options=list(options),
        inputs=inputs,
        settings={name: json.loads(Path(name).read_text(encoding="utf-8")) for name in specs},
        **_seen(options),
        device=_device(),
        start=started.isoformat(timespec="seconds"),
        end=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _seen(options: Sequence[str]) -> dict[str, list[int]]:
    """Seeds and threads on the command line, as lists."""
    found: dict[str, list[int]] = {}
    for name in COUNTS:
        if name in options:
            values = []
            for value in options[options.index(name) + 1 :]:
                if not value.isdigit():
                    break
                values.append(int(value))
            found[name.lstrip("-")] = values
    return found


def _device() -> str:
    """Name of the GPU that this process used, or cpu; never imports torch for the purpose."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return "cpu"
    return str(torch.cuda.get_device_name())
