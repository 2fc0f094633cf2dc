"""Pack results into a bundle, refusing what is incomplete, damaged or out of date.

The archive's bytes depend on the packed files alone: members sorted, no dates, owners or permissions.
"""

import io
import lzma
import re
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ickrr.bundles.manifest import FORMAT, MANIFEST, TIERS, BundleError, Entry, Job, Manifest
from ickrr.config.experiment import Experiment
from ickrr.files import atomic_path, read_json, read_settings
from ickrr.records import Record, Records, digest

# Floats do not compress: the big tiers take the fast preset, tables the small one.
PRESETS = {"tables": 9, "predictions": 0, "weights": 0}
UP_TO_DATE = "run snakemake until `snakemake -n` says that there is nothing to do, then pack again"


@dataclass
class Ancestry:
    """All that one result was made from, through its records."""

    sources: dict[str, str] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)


def ancestry(records: Records, file: Path) -> Ancestry:
    """Walk the records from a result to its sources.

    Raises:
        BundleError: a record on the way is missing, or two stages were made from different versions of one
            source or result.
    """
    found = Ancestry()
    seen: dict[str, str] = {}
    pending = [str(file)]
    while pending:
        name = pending.pop()
        for path, sha256 in _record(records, name)["inputs"].items():
            if seen.setdefault(path, sha256) != sha256:
                raise BundleError(f"{file}: was made from two versions of {path}; {UP_TO_DATE}")
            if _is_source(records, path):
                found.sources[path] = sha256
            elif path not in found.files:
                found.files.add(path)
                pending.append(path)
    return found


def build_manifest(results: Path, tier: str) -> Manifest:
    """Describe the bundle of a tier of some results.

    Args:
        results: the folder ``results/<scale>``.
        tier: a key of `TIERS`.

    Raises:
        BundleError: a result is missing, damaged, without a record, or out of date.
        FileError: a record or the resolved experiment cannot be read.
    """
    experiment = read_settings(results / "specs" / "experiment.json", Experiment)
    records = Records(results)
    files = [path for path in _matching(results, TIERS[tier]) if _wanted(path, results, experiment)]
    if tier == "tables":
        shown = _shown(records, experiment)
        files = [path for path in files if not _is_table_of_a_run(path, results) or str(path) in shown]
    _require_complete(results, tier, files, experiment)
    records.check(files)
    ancestries = {path: ancestry(records, path) for path in files}
    sources: dict[str, str] = {}
    present: dict[str, str] = {}
    for path, found in ancestries.items():
        _require_current(path, found.sources, present)
        sources |= found.sources
    told = {str(path) for path in files}.union(*(found.files for found in ancestries.values()))
    specs = [name for name in sources if Path(name).is_relative_to(results / "specs")]
    return Manifest(
        format=FORMAT,
        tier=tier,
        scale=experiment.scale,
        made=_made([_record(records, name) for name in sorted(told)]),
        sources=sources,
        settings={name: read_json(name) for name in specs},
        files={
            _name(path, results): Entry(
                sha256=digest(path),
                size=path.stat().st_size,
                sources=sorted(found.sources),
                models=_models([*found.files, str(path)]),
            )
            for path, found in ancestries.items()
        },
        jobs={_name(name, results): _job(records, name) for name in sorted(told)},
        records={
            _name(name, results): (digest(place), place.stat().st_size)
            for name, place in ((name, _place(records, name)) for name in sorted(told))
        },
    )


def pack(results: Path, tier: str, output: Path) -> Manifest:
    """Write the bundle of a tier atomically; equal results give equal bytes.

    Raises:
        BundleError, FileError: as `build_manifest`.
    """
    manifest = build_manifest(results, tier)
    records = Records(results)
    with (
        atomic_path(output) as temporary,
        lzma.open(temporary, "wb", check=lzma.CHECK_SHA256, preset=PRESETS[tier]) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        text = manifest.text().encode()
        _add(archive, MANIFEST, io.BytesIO(text), len(text))
        for member, (_, size) in manifest.members().items():
            folder, _, name = member.partition("/")
            place = results / name if folder == "files" else _place(records, results / name[: -len(".json")])
            with place.open("rb") as handle:
                _add(archive, member, handle, size)
    return manifest


def _add(archive: tarfile.TarFile, name: str, handle: Any, size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size = size
    archive.addfile(member, handle)


def _name(path: str | Path, results: Path) -> str:
    return Path(path).relative_to(results).as_posix()


def _record(records: Records, name: str | Path) -> Record:
    found = records.of(name)
    if found is None:
        raise BundleError(f"{name}: has no record of what it was made from; delete it and {UP_TO_DATE}")
    return found


def _place(records: Records, name: str | Path) -> Path:
    """Where the record of a result is; a bundle may have brought it."""
    path = records.path(name)
    assert path is not None, f"{name} is not a result"
    relative = path.relative_to(records.results / "records")
    places = [path, *sorted(records.results.glob(f"restored/*/records/{relative}"))]
    return next(place for place in places if place.exists())


def _job(records: Records, name: str) -> Job:
    record = _record(records, name)
    inputs = [path for path in record["inputs"] if not _is_source(records, path)]
    return Job(
        rule=record["rule"],
        inputs=sorted(_name(path, records.results) for path in inputs),
        outputs=sorted(_name(path, records.results) for path in record["outputs"]),
    )


def _is_source(records: Records, path: str) -> bool:
    return records.path(path) is None or Path(path).is_relative_to(records.results / "specs")


def _matching(results: Path, patterns: Iterable[str]) -> list[Path]:
    found = {path for pattern in patterns for path in results.glob(pattern) if path.is_file()}
    return sorted(path for path in found if not path.name.startswith((".", "tab_")))


def _wanted(path: Path, results: Path, experiment: Experiment) -> bool:
    """Leave out what belongs to a run or a seed that the configuration no longer has."""
    parts = path.relative_to(results).parts
    if parts[0] in ("tables", "trained", "predictions") and len(parts) > 2:
        if (results / "specs" / "runs" / f"{parts[1]}.json").exists() and parts[1] not in experiment.models:
            return False
        seed = re.fullmatch(r"seed(\d+)(\.safetensors)?", parts[2])
        if seed and parts[1] in experiment.models:
            return int(seed[1]) in experiment.seeds(parts[1])
    return True


def _is_table_of_a_run(path: Path, results: Path) -> bool:
    parts = path.relative_to(results).parts
    return parts[0] == "tables" and (results / "specs" / "runs" / f"{parts[1]}.json").exists()


def _shown(records: Records, experiment: Experiment) -> set[str]:
    """Tables that a figure, a table of the paper, the ledger or the numbers in the text are made from."""
    made = [
        *records.results.glob("figures/*.pdf"),
        *records.results.glob("latex/*.tex"),
        records.results / "tables" / "claims.parquet",
    ]
    found = {path for file in made for path in (records.of(file) or {"inputs": {}})["inputs"]}
    return found | {f"{records.results}/{name}" for name in _tables_of_runs(experiment)}


def _tables_of_runs(experiment: Experiment) -> list[str]:
    """Tables of runs that figures and tables of the paper name, below the results."""
    shown = [(item.runs, item.tables) for item in experiment.figures.values()]
    shown += [(item.runs, item.tables) for item in experiment.tables.values()]
    return [f"tables/{run}/{table}.parquet" for runs, tables in shown for run in runs for table in tables]


def _require_complete(results: Path, tier: str, files: list[Path], experiment: Experiment) -> None:
    models = [(run, seed) for run in experiment.runs for seed in experiment.seeds(run)]
    compared = [(run, seed) for run, seed in models if experiment.is_compared(run)]
    needed = {
        "tables": _tables_of_runs(experiment),
        "predictions": [f"predictions/{run}/seed{seed}.safetensors" for run, seed in compared],
        "weights": [f"trained/{run}/seed{seed}/weights.safetensors" for run, seed in models],
    }[tier]
    missing = [name for name in needed if results / name not in files]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise BundleError(f"{results / missing[0]}{more}: not there; {UP_TO_DATE}")


def _require_current(path: Path, sources: dict[str, str], present: dict[str, str]) -> None:
    """Refuse a result of other code or settings; `present` remembers digests between calls."""
    for name, sha256 in sources.items():
        if name not in present:
            if not Path(name).is_file():
                raise BundleError(f"{path}: was made from {name}, which is gone; {UP_TO_DATE}")
            present[name] = digest(name)
        if present[name] != sha256:
            raise BundleError(f"{path}: was made from another version of {name}; {UP_TO_DATE}")


def _models(names: Iterable[str]) -> dict[str, list[int]]:
    models: dict[str, set[int]] = {}
    for name in names:
        found = re.search(r"trained/([^/]+)/seed(\d+)/", name)
        if found:
            models.setdefault(found[1], set()).add(int(found[2]))
    return {run: sorted(seeds) for run, seeds in sorted(models.items())}


def _made(records: list[Record]) -> dict[str, list[str]]:
    """All values of what identifies a run, sorted."""
    days = sorted(datetime.fromisoformat(record["end"]).date().isoformat() for record in records)
    versions = sorted({f"{key} {value}" for record in records for key, value in record["versions"].items()})
    return {
        "date": sorted({days[0], days[-1]}),
        "commit": sorted({record["commit"] for record in records}),
        "device": sorted({record["device"] for record in records}),
        "machine": sorted({record["machine"] for record in records}),
        "versions": versions,
    }
