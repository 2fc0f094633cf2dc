"""Check a bundle and unpack it beside the results: all of it, or nothing.

A bundle is unpacked into ``results/<scale>/restored/<tier>/``. From there the rule `take_restored` takes what
still holds (`ickrr.bundles.given`), so that unpacking by itself changes no result.
"""

import hashlib
import lzma
import os
import shutil
import tarfile
from pathlib import Path
from typing import IO, Final

from ickrr.bundles.manifest import MANIFEST, BundleError, Manifest, parse_manifest
from ickrr.files import write_text
from ickrr.records import digest

SOURCE: Final = "source.sha256"  # digest of the archive, beside the manifest it was unpacked with
LARGEST_MANIFEST = 1 << 28  # [bytes]
CHUNK = 1 << 20  # [bytes]
AGAIN = "get the bundle again; nothing was changed here"


def unpack(bundle: Path, results: Path, scale: str) -> Manifest:
    """Check every byte of a bundle while unpacking it, and put it in place only if all is right.

    Args:
        bundle: the archive.
        results: the folder ``results/<scale>``.
        scale: the scale that the bundle must have.

    Raises:
        BundleError: the archive is missing, damaged, truncated, of another scale, lacks a member or has one
            too many, or names files outside the results; or the disk has no room for it.
    """
    try:
        source = digest(bundle)
    except OSError as error:
        raise BundleError(f"{bundle}: cannot be read ({error.strerror}); name an existing bundle") from error
    place = results / "restored"
    temporary = place / f".unpacking.{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        manifest = _extract(bundle, scale, temporary)
        write_text(temporary / SOURCE, source + "\n")
        # A folder cannot replace another in one step: between the two renames there is none, which is safe.
        old = place / f".old.{os.getpid()}"
        target = place / manifest.tier
        if target.exists():
            target.rename(old)
        temporary.rename(target)
        shutil.rmtree(old, ignore_errors=True)
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise BundleError(f"{bundle}: is damaged or truncated ({error}); {AGAIN}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
    return manifest


def read_manifest(bundle: Path) -> Manifest:
    """Read the manifest of a bundle and nothing else of it.

    Raises:
        BundleError: the archive is missing or damaged, or its manifest is not valid.
    """
    try:
        with lzma.open(bundle, "rb") as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            return _manifest(archive, bundle)
    except OSError as error:
        raise BundleError(f"{bundle}: cannot be read ({error.strerror}); name an existing bundle") from error
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise BundleError(f"{bundle}: is damaged or truncated ({error}); {AGAIN}") from error


def _extract(bundle: Path, scale: str, target: Path) -> Manifest:
    with lzma.open(bundle, "rb") as stream:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            manifest = _manifest(archive, bundle)
            if manifest.scale != scale:
                raise BundleError(
                    f"{bundle}: holds results of scale '{manifest.scale}', not '{scale}'; "
                    f"restore it with --scale {manifest.scale}; nothing was changed here"
                )
            missing = manifest.members()
            _require_room(bundle, target, sum(size for _, size in missing.values()))
            write_text(target / MANIFEST, manifest.text())
            while (member := archive.next()) is not None:
                if member.name not in missing or not member.isreg():
                    raise BundleError(
                        f"{bundle}: has a member '{member.name}' that its manifest does not; {AGAIN}"
                    )
                sha256, size = missing.pop(member.name)
                content = archive.extractfile(member)
                if content is None or member.size != size or _copy(content, target / member.name) != sha256:
                    raise BundleError(
                        f"{bundle}: member '{member.name}' is not what the manifest says "
                        f"(SHA-256 or size); {AGAIN}"
                    )
            if missing:
                raise BundleError(f"{bundle}: lacks the member '{next(iter(missing))}'; {AGAIN}")
        # The end of the stream holds its checksum.
        while stream.read(CHUNK):
            pass
    return manifest


def _manifest(archive: tarfile.TarFile, bundle: Path) -> Manifest:
    first = archive.next()
    if first is None or first.name != MANIFEST or not first.isreg() or first.size > LARGEST_MANIFEST:
        raise BundleError(
            f"{bundle}: does not begin with {MANIFEST}, so it is not a bundle; name another file"
        )
    content = archive.extractfile(first)
    assert content is not None, "a regular member has content"
    return parse_manifest(content.read().decode(errors="replace"), str(bundle))


def _require_room(bundle: Path, target: Path, size: int) -> None:
    existing = next(parent for parent in target.absolute().parents if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < size:
        raise BundleError(
            f"{bundle}: unpacked it takes {size / 1e6:.0f} MB, and {existing} has {free / 1e6:.0f} MB left; "
            "free some space and restore again"
        )


def _copy(content: IO[bytes], target: Path) -> str:
    """Write a member and return its digest; the whole folder is renamed once all are there."""
    found = hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as handle:
        while block := content.read(CHUNK):
            found.update(block)
            handle.write(block)
    return found.hexdigest()
