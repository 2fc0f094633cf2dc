"""Put a bundle (`ickrr.bundles.format`) in place, so that Snakemake plans exactly what is not current.

Snakemake believes what it has recorded, even of files that are gone, and compares an input with its record
only if the input's date is newer than an output's. This has three consequences. Snakemake's records of the
bundle's results, and of all that these came from, are replaced by the bundle's. Files that are put in place
get a date newer than everything that was there. And a result that was made from another version of these
files is in the way, because Snakemake looks at nothing that would show the difference.

A kill at any moment leaves no file that counts as current but may not be. Snakemake takes a file of which it
recorded nothing as current, so whatever is to change is first marked like the output of a job that has begun.
"""

import errno
import os
import shutil
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ickrr.bundles.format import BundleError, Contents, InTheWayError, Known, record_path, unpack
from ickrr.bundles.packing import Lineage
from ickrr.driver import supervision
from ickrr.errors import FileError
from ickrr.io.files import atomic_path, read_json
from ickrr.provenance import INCOMPLETE, digest, metadata_path, recorded_files

NOT_ENDED = '{"external_jobid": null}'  # as Snakemake marks the output of a job that has begun

TICK = 10_000_000  # [ns] the smallest difference that dates of a file system can show


@dataclass(frozen=True)
class Changes:
    """What restoring a bundle would change.

    Attributes:
        taken: results that are put in place.
        described: results whose metadata and records become the bundle's, whether they are here or not.
        differing: results that are here but differ from what the bundle holds or was made from.
        apart: further results that were made from another version of these, whether they are here or not.
    """

    taken: list[str]
    described: list[str]
    differing: list[str]
    apart: list[str]

    @property
    def in_the_way(self) -> list[str]:
        """Return the files here that would be replaced or removed."""
        return [*self.differing, *filter(os.path.lexists, self.apart)]


def restore(bundle: Path, force: bool = False) -> Contents:
    """Check every byte of a bundle, then put its files in place, and what Snakemake recorded of them last.

    A result that is here with the same content stays as it is. If one differs, or was made from other files
    than the bundle's, nothing is changed at all, unless `force` is true. If this is killed on the way,
    restoring again finishes it.

    Args:
        bundle: the archive.
        force: overwrite results that differ, and remove those that were made from others.

    Raises:
        BundleError: see `ickrr.bundles.format.unpack`; or the disk has no room.
        InTheWayError: a result is here that differs, or was made from other files.
        DriverError: Snakemake is running here, or results cannot be written.
    """
    lock = supervision.take_lock(Path())
    try:
        supervision.require_writable(Path("results"))
        supervision.end_orphans(Path())
        supervision.remove_temporaries(Path())
        with _temporary_folder() as folder:
            contents, known = unpack(bundle, folder, lambda size: _require_room(bundle, size))
            changes = compare(contents, known)
            own = changes.in_the_way
            if own and not force:
                more = f" and {len(own) - 1} more" if len(own) > 1 else ""
                raise InTheWayError(
                    f"{own[0]}{more}: there already, and not what {bundle} holds or was made from; "
                    "nothing was changed (--force takes the bundle's, and removes what was made from others)"
                )
            _put_in_place(contents, known, changes, folder)
    finally:
        os.close(lock)
    return contents


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    folder = Path("results") / f".restoring.{os.getpid()}.tmp"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_room(bundle: Path, size: int) -> None:
    free = shutil.disk_usage("results").free
    if free < size:
        raise BundleError(
            f"{bundle}: takes {size / 1e6:.1f} MB more, and {Path('results').resolve()} has "
            f"{free / 1e6:.1f} MB left; free some space and restore again"
        )


# Comparing what is here with what the bundle says


def compare(contents: Contents, known: Known) -> Changes:
    """Return what restoring a bundle would change in the working directory."""
    files = set(contents.files)
    there = {name: _digest(name) for name in known.digests if os.path.lexists(name)}
    differing = [name for name, found in there.items() if found != known.digests[name]]
    not_here = known.digests.keys() - files - (there.keys() - set(differing))
    apart = _apart(known, not_here, contents.results)
    unended = set(recorded_files(INCOMPLETE))
    kept = {
        name
        for name in set(there).difference(differing, unended)
        if _vouched(name, known.digests[name], contents.results)
    }
    if not differing and kept.issuperset(files):
        return Changes([], [], [], [])
    described = [name for name in known.digests if name not in kept]
    taken = [name for name in described if name in files]
    return Changes(taken, described, differing, apart)


def _digest(name: str) -> str:
    return digest(name) if Path(name).is_file() else "no file"


def _vouched(name: str, sha256: str, results: Path) -> bool:
    """Return whether the metadata and the record here are those of a file with this content."""
    try:
        record, metadata = read_json(record_path(name, results)), read_json(metadata_path(name))
        return bool(metadata["rule"]) and bool(record["outputs"][name] == sha256)
    except (FileError, LookupError, TypeError):
        return False


def _apart(known: Known, not_here: set[str], results: Path) -> list[str]:
    """List the results that were made from other files than the bundle's, if Snakemake cannot see that.

    Args:
        known: what the bundle says of its results and their origins.
        not_here: results that it says something of, but that will not be here to be compared.
        results: the folder of its results.
    """
    made = {name: read_json(metadata_path(name)) for name in recorded_files() if name not in known.digests}
    inputs = {
        name: one.get("input") or [] for name, one in made.items() if Path(name).is_relative_to(results)
    }
    apart = {
        name
        for name in inputs
        for one in not_here.intersection(inputs[name])
        if (made[name].get("input_checksums") or {}).get(one) != f"sha256:{known.digests[one]}"
    }
    while following := {name for name in inputs if apart.intersection(inputs[name])} - apart:
        apart |= following
    return sorted(apart)


# Changing what is here


def _put_in_place(contents: Contents, known: Known, changes: Changes, folder: Path) -> None:
    if not changes.described:
        return
    results = contents.results
    date = _newer_than(results)
    _make_room(changes, results)
    for name in changes.taken:
        os.utime(folder / name, ns=(date, date))
    for name in changes.described:
        staged = folder / metadata_path(name)
        staged.parent.mkdir(parents=True, exist_ok=True)
        staged.write_text(known.metadata[name].model_dump_json(), encoding="utf-8")
    touched = [*changes.described, *changes.apart]
    _mark(name for name in touched if name in changes.taken or Path(name).exists())
    # After a kill from here on, Snakemake makes what is marked again, or the next restore finishes this one.
    for name in changes.taken:
        _put(Path(name), folder)
    for name in changes.described:
        _put(record_path(name, results), folder)
        _put(metadata_path(name), folder)
    for name in set(changes.differing).difference(changes.taken):
        _remove(Path(name))
    for name in changes.apart:
        # Metadata last, because the next restore finds by them what is left to do.
        for path in (record_path(name, results), Path(name), metadata_path(name)):
            _remove(path)
    for name in touched:
        _remove(metadata_path(name, INCOMPLETE))
    _date_what_holds(set(recorded_files()).difference(changes.taken), results, date)


def _newer_than(results: Path) -> int:
    """Return a date [ns] that is newer than those of all results, whichever clock these are from."""
    newest = max((path.lstat().st_mtime_ns for path in results.rglob("*")), default=0)
    return max(time.time_ns(), newest + TICK)


def _make_room(changes: Changes, results: Path) -> None:
    """Make all folders that will be needed, before anything is changed.

    Raises:
        InTheWayError: a file is where a folder is needed, or the other way round.
    """
    targets = [Path(name) for name in changes.taken]
    for name in changes.described:
        targets += [record_path(name, results), metadata_path(name), metadata_path(name, INCOMPLETE)]
    targets += map(Path, changes.in_the_way)
    for parent in sorted({target.parent for target in targets}):
        try:
            parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise InTheWayError(
                f"{parent}: is no folder, and the bundle needs one there; move it away"
            ) from error
    for target in targets:
        if target.is_dir() and not target.is_symlink():
            raise InTheWayError(f"{target}: is a folder, and the bundle has a file there; move it away")


def _mark(names: Iterable[str]) -> None:
    """Mark results as Snakemake marks the outputs of jobs that have begun: all of them, or none."""
    made = []
    try:
        for name in names:
            path = metadata_path(name, INCOMPLETE)
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                made.append(path)
                path.write_text(NOT_ENDED, encoding="utf-8")
    except OSError:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _put(target: Path, folder: Path) -> None:
    """Rename a file below a folder, or copy it if the target is on another disk; its date is kept."""
    source = folder / target
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with atomic_path(target) as beside:
            shutil.copy2(source, beside)
            shutil.copystat(source, beside)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


def _date_what_holds(names: Iterable[str], results: Path, date: int) -> None:
    """Give the date of the restored files to those of some results that were made from exactly what is here.

    This matters for inputs above Snakemake's limit, which it compares by date alone.
    """
    lineage = Lineage(results)
    digests: dict[str, str] = {}
    for name in names:
        if not Path(name).is_file() or not Path(name).is_relative_to(results) or lineage.fault(name):
            continue
        made = lineage.metadata(name)
        here = [one for one in made.input if Path(one).is_file()]
        for one in here:
            digests.setdefault(one, f"sha256:{_digest(one)}")
        if all(made.input_checksums.get(one) == digests[one] for one in here):
            os.utime(name, ns=(date, date))
