"""The format of bundles: archives of results, with what Snakemake recorded of them and of their origins.

A bundle is a tar.xz of plain files: ``about.json`` (one line about the run), ``SHA256SUMS`` (for ``sha256sum
-c``), ``metadata.json`` (what Snakemake recorded, by file) and files below ``results/<scale>``, records among
them. `ickrr.bundles.packing` writes bundles, `ickrr.bundles.restoring` puts them in place; both use this.
"""

import hashlib
import lzma
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from ickrr.errors import IckrrError
from ickrr.provenance import Records

ABOUT: Final = "about.json"
SUMS: Final = "SHA256SUMS"
METADATA: Final = "metadata.json"
SHIPPED: Final = Path("bundles")
CHUNK: Final = 1 << 20  # [bytes]
LARGEST_TEXT: Final = 1 << 27  # [bytes] of a member that is read into memory: all but the results themselves
AGAIN: Final = "get the bundle again; nothing was changed here"


class BundleError(IckrrError):
    """A file is no bundle, or is damaged, or does not belong here; or none can be made from these results."""


class InTheWayError(BundleError):
    """Results are here already that differ from the bundle's, or were made from other files than its own."""


Line = Annotated[str, Field(pattern="^[ -~]*$")]  # shown on a terminal


class About(BaseModel):
    """What `about.json` says: the run that a bundle's results are from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = 2
    scale: Annotated[str, Field(pattern="^[a-z]+$")]
    tier: Line
    finished: bool
    dates: list[Line]
    commits: list[Line]
    devices: list[Line]


class Metadata(BaseModel):
    """The part of Snakemake's metadata of a file that it compares, traces and reports.

    The rest is about this machine. The command with its paths is left out: Snakemake compares `code`, which
    is the command before paths are filled in.
    """

    rule: str
    input: list[str]
    log: list[str]
    params: list[str]
    code: str | None
    record_format_version: int
    software_stack_hash: str | None
    job_hash: int | None
    starttime: float
    endtime: float
    incomplete: bool | None
    input_checksums: dict[str, str]


class JobRecord(BaseModel):
    """The record of a job (`ickrr.provenance`)."""

    rule: str
    given: str
    outputs: dict[str, str]
    end: str
    commit: str
    versions: dict[str, str]
    machine: dict[str, str]
    device: str


METADATA_BY_FILE: Final = TypeAdapter(dict[str, Metadata])


@dataclass(frozen=True)
class Contents:
    """The list of what a bundle holds.

    Attributes:
        about: the run that its results are from.
        sums: SHA-256 of every other member, by its path in the project.
    """

    about: About
    sums: dict[str, str]

    @property
    def results(self) -> Path:
        """Return the folder of its results."""
        return Path("results") / self.about.scale

    @property
    def files(self) -> list[str]:
        """Return the names of its results, without their records."""
        records = self.results / "records"
        return [name for name in self.sums if name != METADATA and not Path(name).is_relative_to(records)]

    def origin(self) -> str:
        """Return one line that says which run it is from."""
        about = self.about
        return (
            f"{len(self.files)} files of the {'' if about.finished else 'unfinished '}{about.scale} run of "
            f"{', '.join(about.dates)}, commit {', '.join(about.commits)}, on {', '.join(about.devices)}"
        )


@dataclass(frozen=True)
class Known:
    """What a bundle says of its own results and of all results that they were made from.

    Attributes:
        metadata: Snakemake's metadata, by file.
        digests: SHA-256 of each of these files as their jobs wrote them.
    """

    metadata: dict[str, Metadata]
    digests: dict[str, str]


def shipped_bundles(scale: str, root: Path) -> list[Path]:
    """List the bundles of a scale's tables that a checkout ships: of all its runs, or of some."""
    return [Path(os.path.relpath(path)) for path in sorted((root / SHIPPED).glob(f"{scale}-tables*.tar.xz"))]


def notice(root: Path, scale: str) -> str | None:
    """Return a note that shipped results could be restored.

    Returns None if there are none, or if tables of this scale exist already.
    """
    bundles = shipped_bundles(scale, root)
    if not bundles or Path(f"results/{scale}/tables").exists():
        return None
    return (
        f"{', '.join(map(str, bundles))}: results of the {scale} scale; everything is computed here all the "
        f"same (to use them: stop, and run ickrr restore --shipped {scale})"
    )


# Reading


def contents_of(bundle: Path) -> Contents:
    """Return the list of what a bundle holds, without looking at what follows it.

    Raises:
        BundleError: the archive is missing or is no bundle.
    """
    with _opened(bundle) as (_, archive):
        return _contents(archive, bundle)


def unpack(bundle: Path, folder: Path, require_room: Callable[[int], None]) -> tuple[Contents, Known]:
    """Write the files of a bundle below a folder, by their paths in the project, and check every byte of it.

    Args:
        bundle: the archive.
        folder: an empty folder.
        require_room: called with the size of each file before it is written.

    Raises:
        BundleError: the archive is missing, damaged or truncated, lacks a member or has one too many,
            contradicts itself, or names a file outside the results.
    """
    with _opened(bundle) as (stream, archive):
        contents = _contents(archive, bundle)
        missing, files = dict(contents.sums), set(contents.files)
        while (member := archive.next()) is not None:
            if member.name not in missing or (member.name not in files and member.size > LARGEST_TEXT):
                raise BundleError(
                    f"{bundle}: has a member {member.name!r} that {SUMS} does not, or a huge one; {AGAIN}"
                )
            require_room(member.size)
            content = archive.extractfile(member)
            if content is None or _copy(content, folder / member.name) != missing.pop(member.name):
                raise BundleError(f"{bundle}: '{member.name}' is not what {SUMS} says; {AGAIN}")
        if missing:
            raise BundleError(f"{bundle}: lacks the member '{next(iter(missing))}'; {AGAIN}")
        while stream.read(CHUNK):  # the end of the stream holds its checksum
            pass
    return contents, _known(contents, folder, bundle)


class _PlainFile(tarfile.TarInfo):
    """A member of a bundle; anything but a plain file is refused before tarfile acts on it."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_PlainFile":
        member = super().frombuf(buf, encoding, errors)
        if member.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise tarfile.TarError(f"its member {member.name!r} is no plain file")
        return member


@contextmanager
def _opened(bundle: Path) -> Iterator[tuple[IO[bytes], tarfile.TarFile]]:
    """Yield a bundle as a stream of its bytes, and as the archive in them."""
    try:
        compressed = bundle.open("rb")
    except OSError as error:
        raise BundleError(f"{bundle}: cannot be read ({error.strerror}); name an existing bundle") from error
    try:
        with (
            compressed,
            lzma.open(compressed) as stream,
            tarfile.open(fileobj=stream, mode="r|", tarinfo=_PlainFile) as archive,
        ):
            yield stream, archive
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise BundleError(f"{bundle}: is damaged or truncated ({error}); {AGAIN}") from error


def _contents(archive: tarfile.TarFile, bundle: Path) -> Contents:
    texts = []
    for name in (ABOUT, SUMS):
        member = archive.next()
        if member is None or member.name != name or member.size > LARGEST_TEXT:
            raise BundleError(
                f"{bundle}: does not begin with {ABOUT} and {SUMS}, so it is no bundle; name another"
            )
        content = archive.extractfile(member)
        assert content is not None, "a plain file has content"
        texts.append(content.read().decode(errors="replace"))
    try:
        about = About.model_validate_json(texts[0])
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise BundleError(
            f"{bundle}: key '{key}' of its {ABOUT} is {first.get('input')!r}: {first['msg']}; "
            "this version of the project reads format 2"
        ) from error
    lines = [line.partition("  ") for line in texts[1].splitlines()]
    sums = {name: sha256 for sha256, _, name in lines}
    for name in sums:
        if name != METADATA:
            _require_result(name, about.scale, bundle)
    if len({name.casefold() for name in sums}) < len(lines):
        raise BundleError(f"{bundle}: its {SUMS} names a file twice; do not trust this bundle")
    return Contents(about, sums)


def _require_result(name: str, scale: str, bundle: Path) -> None:
    """Raise `BundleError` if a name is not below the results of a scale, or leads out of there."""
    parts = PurePosixPath(name).parts
    plain = re.fullmatch("[A-Za-z0-9_.=+@/-]+", name) and PurePosixPath(name).as_posix() == name
    inside = plain and parts[:2] == ("results", scale) and len(parts) > 2 and ".." not in parts
    # The folder itself may be a link to another disk, but nothing below it may lead elsewhere.
    if not inside or not Path(name).parent.resolve().is_relative_to(Path(*parts[:2]).resolve()):
        raise BundleError(
            f"{bundle}: names the file {name!r}, which is not below results/{scale}; do not trust this bundle"
        )


def _copy(content: IO[bytes], target: Path) -> str:
    """Write a member to a file and return its SHA-256."""
    found = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as handle:
        while block := content.read(CHUNK):
            found.update(block)
            handle.write(block)
    return found.hexdigest()


def _known(contents: Contents, folder: Path, bundle: Path) -> Known:
    """Return what an unpacked bundle says of its files and of all that they were made from."""
    try:
        metadata = METADATA_BY_FILE.validate_json((folder / METADATA).read_bytes())
        digests = {}
        for name in metadata:
            _require_result(name, contents.about.scale, bundle)
            record = (folder / record_path(name, contents.results)).read_bytes()
            digests[name] = JobRecord.model_validate_json(record).outputs[name]
    except (OSError, ValueError, LookupError) as error:
        told = str(error).splitlines()[0]
        raise BundleError(f"{bundle}: its metadata or records are not valid ({told}); {AGAIN}") from error
    strange = [name for name in contents.files if digests.get(name) != contents.sums[name]]
    if strange:
        raise BundleError(f"{bundle}: holds '{strange[0]}' without metadata and record of it; {AGAIN}")
    return Known(metadata, digests)


def record_path(name: str, results: Path) -> Path:
    """Return the path of the record of a result.

    Raises:
        LookupError: the file is no result, such as a record itself.
    """
    path = Records(results).path(name)
    if path is None:
        raise LookupError(f"'{name}' is no result")
    return path
