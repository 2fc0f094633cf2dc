"""Pack a bundle (`ickrr.bundles.format`): results that belong together, with Snakemake's records of them."""

import hashlib
import io
import lzma
import re
import tarfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from ickrr.bundles.format import (
    ABOUT,
    METADATA,
    METADATA_BY_FILE,
    SUMS,
    About,
    BundleError,
    Contents,
    Metadata,
    record_path,
)
from ickrr.io.files import atomic_path
from ickrr.provenance import INCOMPLETE, Record, Records, digest, recorded_files, snakemake_metadata

# Files below results/<scale>. Each tier holds what the next stage reads, so that only what follows runs:
# figures and the PDF, which are made where they are looked at, read tables and LaTeX; these are made from
# predictions, and those from weights. Weights need no prompts: those that layers are read on are drawn again,
# and a training draws its own.
TRAINED: Final = tuple(
    f"trained/*/{name}"
    for name in ("weights.safetensors", "learning_curve.parquet", "rate.parquet", "expected.json")
)
SNAPSHOTS: Final = "trained/*/snapshots.safetensors"
"""Weights on the way through trainings: ten times the size of the models, and read by one study."""

TIERS: Final[dict[str, tuple[str, ...]]] = {
    "tables": ("tables/*", "latex/*", "trained/*/rate.parquet"),
    "predictions": (
        *TRAINED,
        SNAPSHOTS,
        "prompts/*",
        *("predictions/*", "trajectories/*", "operators/*", "construction/*"),
    ),
    "weights": (*TRAINED, SNAPSHOTS),
    "models": TRAINED,
}


@dataclass(frozen=True)
class Packed:
    """A bundle that has been written.

    Attributes:
        contents: what it holds.
        left_out: for each result of the tier that is here but not in it, the reason; empty if the paper is
            finished.
    """

    contents: Contents
    left_out: list[str]


def pack(results: Path, tier: str, output: Path, runs: Collection[str] = ()) -> Packed:
    """Write the bundle of a tier atomically: what the paper was made from, or without a paper what there is.

    Args:
        results: the folder ``results/<scale>``, relative to the working directory.
        tier: a key of `TIERS`.
        output: archive to write.
        runs: runs whose results are packed; all if none is named.

    Raises:
        BundleError: there is nothing to pack; something that the paper was made from does not belong with
            it, is not recorded or is gone; or a file was changed meanwhile.
        FileError: a file is not what its job wrote.
    """
    paper, lineage, left_out = results / "paper.pdf", Lineage(results), []
    finished = paper.exists()
    if finished:
        lineage.require(str(paper))
        read = lineage.ancestors([str(paper)])
        # A figure that is added later may read what the same jobs wrote besides.
        beside = [name for name in lineage.outputs(read) if Path(name).exists()]
        files = [name for name in sorted({*read, *beside}) if _wanted(name, results, tier, runs)]
    else:
        there = [str(path) for path in sorted(results.rglob("*")) if path.is_file()]
        wanted = [name for name in there if _wanted(name, results, tier, runs)]
        files = [name for name in wanted if lineage.fault(name) is None]
        left_out = [fault for name in wanted if (fault := lineage.fault(name)) is not None]
    if not files:
        of_runs = f" of {' and '.join(runs)}" if runs else ""
        raise BundleError(f"{results}: holds nothing finished of tier {tier}{of_runs}; run snakemake first")
    gone = [name for name in files if not Path(name).is_file()]
    if gone:
        raise BundleError(f"{gone[0]}: is gone; run snakemake until nothing is to be done, then pack again")
    Records(results).check(files)
    contents = _write(files, lineage, tier, finished, output)
    return Packed(contents, left_out)


def _wanted(name: str, results: Path, tier: str, runs: Collection[str]) -> bool:
    if Path(name).name.startswith("."):  # a half-written file
        return False
    of_runs = not runs or any(_matches(name, results, [f"*/{run}/*"]) for run in runs)
    return of_runs and _matches(name, results, TIERS[tier])


def _matches(name: str, results: Path, patterns: Iterable[str]) -> bool:
    """Return whether a result fits one of some patterns; an asterisk may stand for several folders."""
    below = Path(name).relative_to(results).as_posix()
    return any(re.fullmatch(re.escape(one).replace(r"\*", ".*"), below) for one in patterns)


@dataclass(frozen=True)
class Lineage:
    """The origins of results, according to Snakemake and the records of their jobs, each read once.

    Args:
        results: the folder ``results/<scale>``.
    """

    results: Path
    _unended: set[str] = field(default_factory=lambda: set(recorded_files(INCOMPLETE)))
    _faults: dict[str, str | None] = field(default_factory=dict)
    _metadata: dict[str, Metadata] = field(default_factory=dict)
    _records: dict[str, Record] = field(default_factory=dict)

    def metadata(self, name: str) -> Metadata:
        """Return what Snakemake recorded of a result.

        Raises:
            BundleError: it recorded nothing, or in the form of another version.
        """
        if name not in self._metadata:
            found = snakemake_metadata(name)
            if found is None:
                raise BundleError(f"{name}: Snakemake recorded nothing of it")
            try:
                self._metadata[name] = Metadata.model_validate(found)
            except ValidationError as error:
                raise BundleError(f"{name}: Snakemake recorded it in another form ({error.title})") from error
        return self._metadata[name]

    def record(self, name: str) -> Record:
        """Return the record of a result.

        Raises:
            BundleError: there is none.
        """
        if name not in self._records:
            found = Records(self.results).of(name)
            if found is None or name not in found["outputs"]:
                raise BundleError(f"{name}: its job left no record")
            self._records[name] = found
        return self._records[name]

    def parents(self, name: str) -> list[str]:
        """List the results that a result was made from."""
        return [one for one in self.metadata(name).input if Path(one).is_relative_to(self.results)]

    def fault(self, name: str) -> str | None:
        """Return why a result does not fit what it was made from, or None if all of it belongs together."""
        if name not in self._faults:
            try:
                self._require(name)
                self._faults[name] = None
            except BundleError as error:
                self._faults[name] = str(error)
        return self._faults[name]

    def require(self, name: str) -> None:
        """Check that a result and all that it was made from belong together.

        Raises:
            BundleError: they do not.
        """
        fault = self.fault(name)
        if fault is not None:
            raise BundleError(f"{fault}; run snakemake until nothing is to be done, then pack again")

    def _require(self, name: str) -> None:
        if name in self._unended:
            raise BundleError(f"{name}: its job is running or was stopped")
        # Snakemake compares the code and settings of a job only if it knows all of its outputs.
        for output in self.record(name)["outputs"]:
            self.metadata(output)
            self.record(output)
        made = self.metadata(name)
        for parent in self.parents(name):
            if fault := self.fault(parent):
                raise BundleError(fault)
            now = f"sha256:{self.record(parent)['outputs'][parent]}"
            # Snakemake keeps no checksum of very large files.
            if made.input_checksums.get(parent, now) != now:
                raise BundleError(f"{name}: was made from another {parent} than was made last")

    def ancestors(self, names: Iterable[str]) -> list[str]:
        """List all results that some results were made from, sorted, without these themselves."""
        pending, seen = list(names), set()
        while pending:
            name = pending.pop()
            if name not in seen:
                seen.add(name)
                pending += self.parents(name)
        return sorted(seen - set(names))

    def outputs(self, names: Iterable[str]) -> list[str]:
        """List all files that the jobs of some results wrote, sorted."""
        return sorted({output for name in names for output in self.record(name)["outputs"]})


def _write(files: list[str], lineage: Lineage, tier: str, finished: bool, output: Path) -> Contents:
    known = lineage.outputs([*files, *lineage.ancestors(files)])
    records = [lineage.record(name) for name in known]
    days = sorted({record["end"][:10] for record in records})
    about = About(
        scale=lineage.results.name,
        tier=tier,
        finished=finished,
        dates=sorted({days[0], days[-1]}),
        commits=sorted({record["commit"] for record in records}),
        devices=sorted({record["device"] for record in records}),
    )
    metadata = METADATA_BY_FILE.dump_json({name: lineage.metadata(name) for name in known})
    members = [*files, *(str(record_path(name, lineage.results)) for name in known)]
    sums = {METADATA: hashlib.sha256(metadata).hexdigest(), **{name: digest(name) for name in members}}
    listed = "".join(f"{sha256}  {name}\n" for name, sha256 in sums.items())
    with (
        atomic_path(output) as temporary,
        lzma.open(temporary, "wb", check=lzma.CHECK_SHA256, preset=6) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.USTAR_FORMAT) as archive,
    ):
        texts = {ABOUT: about.model_dump_json().encode() + b"\n", SUMS: listed.encode(), METADATA: metadata}
        for name, text in texts.items():
            _add(archive, name, len(text), 0, io.BytesIO(text))
        for name in members:
            found = Path(name).stat()
            with Path(name).open("rb") as handle:
                _add(archive, name, found.st_size, int(found.st_mtime), handle)
            if digest(name) != sums[name]:
                raise BundleError(
                    f"{name}: was changed while it was packed; pack again when its job has ended"
                )
    return Contents(about, sums)


def _add(archive: tarfile.TarFile, name: str, size: int, date: int, content: IO[bytes]) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = size, date
    archive.addfile(member, content)
