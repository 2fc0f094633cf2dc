"""Results in one archive, with what Snakemake recorded of them: packing, checking, restoring.

A bundle is a tar.xz with the members ``about.json`` (one line about the run), ``SHA256SUMS`` (for ``sha256sum
-c``), the files below ``results/<scale>``, and last Snakemake's metadata of these and of all that they were
made from. With both in place Snakemake alone decides what still holds: it knows the code, settings and inputs
of every file, also of those that the bundle leaves out.
"""

import errno
import hashlib
import io
import json
import lzma
import os
import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from ickrr import driver
from ickrr.errors import IckrrError
from ickrr.files import atomic_path
from ickrr.provenance import METADATA, Records, digest, metadata_path, recorded_file, snakemake_metadata

ABOUT: Final = "about.json"
SUMS: Final = "SHA256SUMS"
SHIPPED: Final = Path("bundles")
CHUNK: Final = 1 << 20  # [bytes]
LARGEST_LIST: Final = 1 << 26  # [bytes] of about.json and SHA256SUMS
# Below results/<scale>. Each tier is what the next stage needs: figures, LaTeX and text need tables.
TIERS: Final[dict[str, tuple[str, ...]]] = {
    "tables": ("tables/*", "trained/*/rate.parquet"),
    "predictions": ("trained/*", "predictions/*", "trajectories/*", "prompts/*-evaluation.safetensors"),
    "weights": ("trained/*",),
}
DRAWN: Final = ("figures/*", "latex/*", "tables/tab_*")  # made where they are looked at, as is the PDF
AGAIN: Final = "get the bundle again; nothing was changed here"


class BundleError(IckrrError):
    """A bundle is damaged, is not one, does not belong here, or cannot be made from these results."""


class InTheWayError(BundleError):
    """A file is there already, and is not what the bundle holds."""


@dataclass(frozen=True)
class Contents:
    """What a bundle holds.

    Attributes:
        about: scale, tier, dates, commits and devices of the run, numbers of files.
        sums: SHA-256 of every other member, by its path in the project.
    """

    about: dict[str, Any]
    sums: dict[str, str]

    def origin(self) -> str:
        """Say in one line which run it is."""
        told = {key: ", ".join(self.about[key]) for key in ("dates", "commits", "devices")}
        files = sum(name.startswith("results/") for name in self.sums)
        return (
            f"{files} files of the {self.about['scale']} run of {told['dates']}, commit {told['commits']}, "
            f"on {told['devices']}"
        )


def shipped_bundle(scale: str) -> Path:
    """Where the bundle of a scale's tables is, if one comes with the project."""
    return SHIPPED / f"{scale}-tables.tar.xz"


def notice(root: Path, scale: str) -> str | None:
    """Say that shipped results could be taken, None where there are none or something was made already."""
    bundle = shipped_bundle(scale)
    if not (root / bundle).exists() or Path(f"results/{scale}/tables").exists():
        return None
    return (
        f"{bundle} holds finished results; everything is computed here all the same "
        f"(to take them: stop, and python -m ickrr restore {bundle})"
    )


# Packing


def pack(results: Path, tier: str, output: Path) -> Contents:
    """Write the bundle of a tier atomically.

    Args:
        results: the folder ``results/<scale>``, relative to the working directory, with a finished paper.
        tier: a key of `TIERS`.
        output: archive to write.

    Raises:
        BundleError: the paper is not finished, or something it was made from is not recorded or gone.
        FileError: a file is not what its job wrote.
    """
    records = Records(results)
    read = [name for name in ancestors(results / "paper.pdf", results) if not _matches(name, results, DRAWN)]
    files = [name for name in read if _matches(name, results, TIERS[tier])]
    # Snakemake compares the code and settings of a job only if it knows all of its outputs.
    outputs = {output for name in read for output in (records.of(name) or {"outputs": []})["outputs"]}
    made = sorted({*read, *outputs})
    gone = [name for name in files if not Path(name).is_file()]
    if gone:
        raise BundleError(f"{gone[0]}: is gone; run snakemake until nothing is to be done, then pack again")
    records.check(files)
    # Records also of what is left out: the paper says what trained the models.
    kept = {str(path) for name in made if (path := records.path(name)) is not None and path.exists()}
    told = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sorted(kept)]
    metadata = [metadata_path(name).as_posix() for name in made]
    members = [*files, *sorted(kept), *metadata]
    days = sorted({record["end"][:10] for record in told})
    about = {
        "format": 1,
        "scale": results.name,
        "tier": tier,
        "dates": sorted({days[0], days[-1]}) if days else ["unknown"],
        "commits": sorted({record["commit"] for record in told}),
        "devices": sorted({record["device"] for record in told}),
    }
    contents = Contents(about, {name: digest(name) for name in members})
    sums = "".join(f"{sha256}  {name}\n" for name, sha256 in contents.sums.items())
    with (
        atomic_path(output) as temporary,
        lzma.open(temporary, "wb", check=lzma.CHECK_SHA256, preset=6) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name, text in ((ABOUT, json.dumps(about, sort_keys=True) + "\n"), (SUMS, sums)):
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
        for name in members:
            member = tarfile.TarInfo(name)
            found = Path(name).stat()
            # Where files are compared by date, their order counts.
            member.size, member.mtime = found.st_size, found.st_mtime
            with Path(name).open("rb") as handle:
                archive.addfile(member, handle)
    return contents


def ancestors(file: Path, results: Path) -> list[str]:
    """List all results that a file was made from, as Snakemake recorded it, sorted.

    Raises:
        BundleError: Snakemake recorded nothing of the file, or of something on the way to it.
    """
    pending, seen = [str(file)], set()
    while pending:
        name = pending.pop()
        if name in seen or not Path(name).is_relative_to(results):
            continue
        metadata = snakemake_metadata(name)
        if metadata is None:
            raise BundleError(
                f"{name}: Snakemake recorded nothing of it; run snakemake until nothing is to be done"
            )
        seen.add(name)
        pending += metadata["input"] or []
    return sorted(seen - {str(file)})


def _matches(name: str, results: Path, patterns: Iterable[str]) -> bool:
    """Whether a result fits one of some patterns, whose asterisks stand for any number of folders too."""
    below = Path(name).relative_to(results).as_posix()
    return any(re.fullmatch(re.escape(one).replace(r"\*", ".*"), below) for one in patterns)


# Restoring


def restore(bundle: Path, root: Path = Path(), force: bool = False) -> Contents:
    """Check every byte of a bundle, then put its files in place, and Snakemake's metadata last.

    A file that is there is left as it is if it is the same; one that differs stops everything before anything
    is changed, unless `force`. What is killed on the way is finished by restoring again.

    Args:
        bundle: the archive.
        root: folder of the project.
        force: overwrite files that are there and differ.

    Raises:
        BundleError: the archive is missing, damaged or truncated, lacks a member or has one too many, or
            names a file outside the results; or the disk has no room.
        InTheWayError: a file is there and differs.
        DriverError: Snakemake is running here.
    """
    driver.require_idle(root)
    temporary = root / "results" / f".restoring.{os.getpid()}.tmp"
    try:
        contents = _unpack(bundle, temporary, root)
        _put_in_place(contents, temporary, root, bundle, force)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise BundleError(f"{bundle}: is damaged or truncated ({error}); {AGAIN}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return contents


def read_contents(bundle: Path) -> Contents:
    """Read what a bundle says of itself, and nothing else of it.

    Raises:
        BundleError: the archive is missing or damaged, or is no bundle.
    """
    try:
        with _opened(bundle) as (_, archive):
            return _contents(archive, bundle)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise BundleError(f"{bundle}: is damaged or truncated ({error}); {AGAIN}") from error


class _opened:
    """A bundle as a stream: its bytes, and the archive in them."""

    def __init__(self, bundle: Path) -> None:
        self._bundle = bundle

    def __enter__(self) -> tuple[IO[bytes], tarfile.TarFile]:
        try:
            self._stream = lzma.open(self._bundle, "rb")
        except OSError as error:
            raise BundleError(
                f"{self._bundle}: cannot be read ({error.strerror}); name an existing bundle"
            ) from error
        self._archive = tarfile.open(fileobj=self._stream, mode="r|")
        return self._stream, self._archive

    def __exit__(self, *_: object) -> None:
        self._archive.close()
        self._stream.close()


def _contents(archive: tarfile.TarFile, bundle: Path) -> Contents:
    texts = []
    for name in (ABOUT, SUMS):
        member = archive.next()
        if member is None or member.name != name or not member.isreg() or member.size > LARGEST_LIST:
            raise BundleError(
                f"{bundle}: does not begin with {ABOUT} and {SUMS}, so it is no bundle; name another"
            )
        content = archive.extractfile(member)
        assert content is not None, "a regular member has content"
        texts.append(content.read().decode(errors="replace"))
    try:
        about = json.loads(texts[0])
        known = about["format"] == 1 and re.fullmatch("[a-z]+", about["scale"])
        pairs = [line.split("  ", 1) for line in texts[1].splitlines()]
        sums = {name: sha256 for sha256, name in pairs}
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{bundle}: its {ABOUT} or {SUMS} is not valid ({error}); {AGAIN}") from error
    if not known:
        raise BundleError(f"{bundle}: its {ABOUT} says {texts[0].strip()}; this version reads format 1")
    return Contents(about, sums)


def _unpack(bundle: Path, temporary: Path, root: Path) -> Contents:
    with _opened(bundle) as (stream, archive):
        contents = _contents(archive, bundle)
        for name in contents.sums:
            _require_inside(name, contents.about["scale"], bundle, root)
        missing = dict(contents.sums)
        while (member := archive.next()) is not None:
            if member.name not in missing or not member.isreg():
                raise BundleError(f"{bundle}: has a member '{member.name}' that {SUMS} does not; {AGAIN}")
            _require_room(bundle, root, member.size)
            content = archive.extractfile(member)
            target = temporary / member.name
            if content is None or _copy(content, target) != missing.pop(member.name):
                raise BundleError(f"{bundle}: '{member.name}' is not what {SUMS} says; {AGAIN}")
            os.utime(target, (member.mtime, member.mtime))
        if missing:
            raise BundleError(f"{bundle}: lacks the member '{next(iter(missing))}'; {AGAIN}")
        while stream.read(CHUNK):  # the end of the stream holds its checksum
            pass
    return contents


def _require_inside(name: str, scale: str, bundle: Path, root: Path) -> None:
    """Refuse a member that is not below the results of its scale, or Snakemake's metadata."""
    path = PurePosixPath(name)
    below = path.parts[:2] == ("results", scale) or path.parts[:2] == METADATA.parts
    plain = path.as_posix() == name and ".." not in path.parts and len(path.parts) > 2
    folder = root / path.parts[0] if below else root
    if not (below and plain and (root / name).resolve().is_relative_to(folder.resolve())):
        raise BundleError(
            f"{bundle}: names the file '{name}', which is not below results/{scale}; do not trust this bundle"
        )


def _require_room(bundle: Path, root: Path, size: int) -> None:
    free = shutil.disk_usage(root).free
    if free < size:
        raise BundleError(
            f"{bundle}: takes {size / 1e6:.0f} MB more, and {root.resolve()} has {free / 1e6:.0f} MB left; "
            "free some space and restore again"
        )


def _copy(content: IO[bytes], target: Path) -> str:
    """Write a member and return its digest."""
    found = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as handle:
        while block := content.read(CHUNK):
            found.update(block)
            handle.write(block)
    return found.hexdigest()


def _put_in_place(contents: Contents, temporary: Path, root: Path, bundle: Path, force: bool) -> None:
    there = {name: digest(root / name) for name in _results(contents.sums) if (root / name).exists()}
    differing = [name for name, found in there.items() if found != contents.sums[name]]
    own = [name for name in differing if not name.startswith(f"results/{contents.about['scale']}/records/")]
    if own and not force:
        more = f" and {len(own) - 1} more" if len(own) > 1 else ""
        raise InTheWayError(
            f"{own[0]}{more}: there already, and not what {bundle} holds; nothing was changed "
            "(--force takes the bundle's)"
        )
    taken = [name for name in _results(contents.sums) if name not in there or (force and name in differing)]
    for name in taken:
        _move(temporary / name, root / name)
    # Of files that were made here, Snakemake knows more than the bundle does.
    same = {name for name, found in there.items() if found == contents.sums[name]}
    for name in contents.sums:
        if name.startswith("results/"):
            continue
        file = recorded_file(name)
        known = (root / name).exists() or ((root / file).exists() and file not in same)
        if file in taken or not known:
            _move(temporary / name, root / name)


def _results(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith("results/"))


def _move(source: Path, target: Path) -> None:
    """Rename a file, or copy it where the target is on another disk; its date is kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_path(target) as beside:
            shutil.copy2(source, beside)
        shutil.copystat(source, target)
