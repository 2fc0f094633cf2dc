"""What a bundle holds, and what restoring refuses before it changes anything."""

import hashlib
import io
import json
import lzma
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import Mount, Paper

from ickrr.bundles.format import BundleError, InTheWayError, contents_of, notice, shipped_bundles
from ickrr.bundles.packing import pack
from ickrr.bundles.restoring import restore
from ickrr.driver import supervision
from ickrr.io.files import write_json
from ickrr.provenance import INCOMPLETE, Records, digest, metadata_path, recorded_files

RESULTS = Path("results/smoke")
TABLE = RESULTS / "tables/spherical/errors.parquet"
WEIGHTS = RESULTS / "trained/spherical/seed0/weights.safetensors"


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, as working directory."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    return tmp_path


def changed(bundle: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """Write a bundle again with other members."""
    members: dict[str, bytes] = {}
    with tarfile.open(bundle, "r:xz") as archive:
        for member in archive:
            content = archive.extractfile(member)
            assert content is not None
            members[member.name] = content.read()
    change(members)
    with tarfile.open(target, "w:xz", format=tarfile.USTAR_FORMAT) as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return target


def listing(folder: Path) -> set[str]:
    """Return all files of a folder, except the lock of the process that works there."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return found - {str(supervision.LOCK)}


def metadata_of(bundle: Path) -> dict[str, Any]:
    with tarfile.open(bundle, "r:xz") as archive:
        content = archive.extractfile("metadata.json")
        assert content is not None
        return dict(json.load(content))


def own(name: Path, content: bytes, made_from: list[Path], code: str = "own") -> None:
    """Put a result of the user's own in place, with what Snakemake and its job recorded of it."""
    name.parent.mkdir(parents=True, exist_ok=True)
    name.write_bytes(content)
    record = {"rule": "own", "given": "", "end": "2026-01-01", "commit": "own", "device": "own"}
    record |= {"versions": {}, "machine": {}}
    Records(RESULTS).keep([name], record)
    checksums = {str(one): f"sha256:{digest(one)}" for one in made_from}
    write_json(
        metadata_path(name),
        {"rule": "own", "input": sorted(checksums), "input_checksums": checksums, "params": [code]},
    )


def test_what_is_restored_is_what_was_made(bundle: Path, empty: Path, tiny_paper: Paper) -> None:
    """Fails if a file differs, metadata are missing, something drawn is shipped, or an input is newer."""
    contents = restore(bundle)
    assert contents.origin().endswith("on cpu")
    metadata = metadata_of(bundle)
    found = listing(empty)
    assert found == {*contents.sums, *(str(metadata_path(name)) for name in metadata)} - {"metadata.json"}
    for name in filter(lambda name: name.startswith("results"), found):
        assert (empty / name).read_bytes() == (tiny_paper.path / name).read_bytes(), name
    assert len({(empty / name).stat().st_mtime_ns for name in contents.files}) == 1
    assert str(TABLE) in found
    assert not [name for name in found if "/figures/" in name or name.endswith("paper.pdf")]
    # What is left out is known all the same.
    assert str(WEIGHTS) not in found
    assert metadata_path(WEIGHTS).exists()


def test_nothing_names_the_machine(bundle: Path, tiny_paper: Paper) -> None:
    """Fails if metadata or records tell where a project, an environment or a home folder was."""
    with tarfile.open(bundle, "r:xz") as archive:
        texts = [archive.extractfile(one) for one in archive if not one.name.endswith(".parquet")]
        told = b"\n".join(text.read() for text in texts if text is not None).decode()
    assert "compare_run" in told
    for place in (tiny_paper.path, tiny_paper.path.parent, sys.prefix, f"{Path.home()}/"):
        assert str(place) not in told


def test_sums_are_those_of_sha256sum(bundle: Path, tmp_path: Path) -> None:
    """Fails if a bundle cannot be checked with the usual tools."""
    subprocess.run(["tar", "-xJf", bundle, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_metadata_are_where_snakemake_looks(empty: Path) -> None:
    """Fails if our name of a metadata file is not Snakemake's, also where it is cut in pieces."""
    from snakemake.persistence.file import FilePersistence

    class Named(FilePersistence):
        def __init__(self) -> None:
            self._max_len = 255

    names = [str(TABLE), "results/" + "long/" * 120 + "name"]
    for name in names:
        assert str(metadata_path(name)) == Named()._record_path(".snakemake/metadata", name)
        metadata_path(name).parent.mkdir(parents=True, exist_ok=True)
        metadata_path(name).touch()
    assert recorded_files() == sorted(names)


def state(folder: Path) -> dict[str, str]:
    """Return the digests of all files of a folder."""
    return {name: digest(folder / name) for name in listing(folder)}


@pytest.mark.parametrize("place", [TABLE, WEIGHTS], ids=["held by the bundle", "what its tables came from"])
def test_own_files_are_never_overwritten(bundle: Path, empty: Path, place: Path) -> None:
    """Fails if restoring changes anything where a file differs that it holds, or that it was made from."""
    own(place, b"mine", [])
    before = state(empty)
    with pytest.raises(
        InTheWayError, match=rf"{place.name}: there already, and not what .* holds or was made"
    ):
        restore(bundle)
    assert state(empty) == before
    contents = restore(bundle, force=True)
    assert (digest(TABLE), WEIGHTS.exists()) == (contents.sums[str(TABLE)], False)
    fresh = state(empty)
    restore(bundle)
    assert state(empty) == fresh


def test_what_snakemake_knows_of_own_files_stays(bundle: Path, empty: Path) -> None:
    """Fails if metadata of a file that was made here, with the same content, are replaced by the bundle's."""
    content = {name: (empty / name).read_bytes() for name in restore(bundle).files}
    own(TABLE, content[str(TABLE)], [])
    before = state(empty)
    restore(bundle)
    assert state(empty) == before
    # Another file is gone: it comes back, and this one still is somebody's own.
    other = TABLE.with_name("matches.parquet")
    other.unlink()
    kept = TABLE.stat().st_mtime_ns
    restore(bundle)
    assert state(empty) == before
    assert TABLE.stat().st_mtime_ns == kept


def test_what_snakemake_knows_of_deleted_files_goes(bundle: Path, empty: Path) -> None:
    """Fails if metadata, records or marks of results that are gone vouch for restored ones."""
    for name in (TABLE, WEIGHTS):
        own(name, b"mine", [])
        name.unlink()
        metadata_path(name, INCOMPLETE).parent.mkdir(parents=True, exist_ok=True)
        metadata_path(name, INCOMPLETE).write_text("{}")
    restore(bundle)
    told = metadata_of(bundle)
    for name in (TABLE, WEIGHTS):
        assert json.loads(metadata_path(name).read_text()) == told[str(name)]
        record = Records(RESULTS).of(name)
        assert record is not None
        assert record["rule"] != "own"
    assert recorded_files(INCOMPLETE) == []
    # The same content, but nothing says whose: it becomes the bundle's, and its mark goes.
    metadata_path(TABLE).unlink()
    metadata_path(TABLE, INCOMPLETE).write_text("{}")
    restore(bundle)
    assert json.loads(metadata_path(TABLE).read_text()) == told[str(TABLE)]
    assert recorded_files(INCOMPLETE) == []


def test_results_made_from_other_weights_are_in_the_way(bundle: Path, empty: Path, tiny_paper: Paper) -> None:
    """Fails if something that came from others of the bundle's weights, which are gone, stays as current."""
    functions, figure = RESULTS / "tables/spherical/functions.parquet", RESULTS / "figures/mine.pdf"
    own(WEIGHTS, b"mine", [])
    own(functions, b"from mine", [WEIGHTS])
    own(figure, b"drawn from it", [functions])
    WEIGHTS.unlink()
    before = state(empty)
    with pytest.raises(InTheWayError, match=r"figures/mine\.pdf and 1 more: there already"):
        restore(bundle)
    assert state(empty) == before
    restore(bundle, force=True)
    assert not functions.exists()
    assert not figure.exists()
    assert not set(recorded_files()) & {str(functions), str(figure)}
    # What came from the bundle's own weights stays.
    own(WEIGHTS, (tiny_paper.path / WEIGHTS).read_bytes(), [])
    own(functions, b"from theirs", [WEIGHTS])
    WEIGHTS.unlink()
    TABLE.unlink()
    restore(bundle)
    assert functions.read_bytes() == b"from theirs"


def test_restored_files_are_newer_than_all_that_was_there(bundle: Path, empty: Path) -> None:
    """Fails if a figure of an older table, drawn by a clock ahead, is not compared with the new one."""
    figure = RESULTS / "figures/fig1.pdf"
    own(TABLE, b"mine", [])
    own(figure, b"drawn", [TABLE])
    ahead = time.time_ns() + 10**12
    os.utime(figure, ns=(ahead, ahead))
    restore(bundle, force=True)
    assert TABLE.stat().st_mtime_ns > ahead
    assert figure.read_bytes() == b"drawn"


def flip(members: dict[str, bytes]) -> None:
    content = bytearray(members[str(TABLE)])
    content[len(content) // 2] ^= 1
    members[str(TABLE)] = bytes(content)


def add(members: dict[str, bytes]) -> None:
    members["results/smoke/more.txt"] = b"more"


def lose(members: dict[str, bytes]) -> None:
    del members[str(TABLE)]


def listed(name: str) -> Callable[[dict[str, bytes]], None]:
    def change(members: dict[str, bytes]) -> None:
        text = b"evil"
        members[name] = text
        members["SHA256SUMS"] += f"{hashlib.sha256(text).hexdigest()}  {name}\n".encode()

    return change


def twice(members: dict[str, bytes]) -> None:
    members["SHA256SUMS"] += members["SHA256SUMS"].splitlines(keepends=True)[-1]


def other_case(members: dict[str, bytes]) -> None:
    listed("results/smoke/A.txt")(members)
    listed("results/smoke/a.txt")(members)


def told(key: str, value: object) -> Callable[[dict[str, bytes]], None]:
    """Change what about.json says."""

    def change(members: dict[str, bytes]) -> None:
        members["about.json"] = json.dumps({**json.loads(members["about.json"]), key: value}).encode()

    return change


def instead(name: str, text: bytes) -> Callable[[dict[str, bytes]], None]:
    """Replace a member and its sum."""

    def change(members: dict[str, bytes]) -> None:
        members[name] = text
        lines = members["SHA256SUMS"].decode().splitlines()
        lines = [line for line in lines if not line.endswith(f"  {name}")]
        lines.append(f"{hashlib.sha256(text).hexdigest()}  {name}")
        members["SHA256SUMS"] = "\n".join(lines).encode()

    return change


def metadata_outside(members: dict[str, bytes]) -> None:
    metadata = json.loads(members["metadata.json"])
    metadata["results/laptop/tables/x.parquet"] = metadata[str(TABLE)]
    instead("metadata.json", json.dumps(metadata).encode())(members)


def without_metadata(members: dict[str, bytes]) -> None:
    metadata = json.loads(members["metadata.json"])
    del metadata[str(TABLE)]
    instead("metadata.json", json.dumps(metadata).encode())(members)


RECORD = "results/smoke/records/tables/spherical/errors.parquet.json"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (flip, "is not what SHA256SUMS says"),
        (add, "has a member 'results/smoke/more.txt' that SHA256SUMS does not"),
        (lose, "lacks the member"),
        (listed("results/smoke/../../evil"), "is not below results/smoke; do not trust"),
        (listed("results/smoke/./evil"), "is not below results/smoke; do not trust"),
        (listed("results/smoke/a\x1b[2Jb"), r"a\\x1b\[2Jb', which is not below results/smoke; do not trust"),
        (listed("/tmp/evil"), "is not below results/smoke; do not trust"),
        (listed("results/laptop/evil"), "is not below results/smoke; do not trust"),
        (listed("src/ickrr/evil.py"), "is not below results/smoke; do not trust"),
        (listed(".snakemake/scripts/evil"), "is not below results/smoke; do not trust"),
        (listed("results/smoke/evil.txt"), "without metadata and record of it"),
        (twice, "names a file twice; do not trust"),
        (other_case, "names a file twice; do not trust"),
        (told("format", 3), "key 'format' of its about.json is 3: .* reads format 2"),
        (told("devices", ["\x1b[2J"]), "key 'devices.0' of its about.json is"),
        (told("scale", "../x"), "key 'scale' of its about.json is"),
        (metadata_outside, "is not below results/smoke; do not trust"),
        (without_metadata, "without metadata and record of it"),
        (instead("metadata.json", b"[" * 100_000), "its metadata or records are not valid"),
        (instead("metadata.json", b'{"results/smoke/x": {}}'), "its metadata or records are not valid"),
        (instead(RECORD, b"[" * 100_000), "its metadata or records are not valid"),
        (instead(RECORD, b"null"), "its metadata or records are not valid"),
        (lambda members: members.pop("about.json"), "so it is no bundle"),
    ],
)
def test_bad_bundle_changes_nothing(
    bundle: Path, empty: Path, change: Callable[[dict[str, bytes]], None], message: str
) -> None:
    """Fails if a damaged or hostile bundle leaves a file, or is not refused by name."""
    bad = changed(bundle, empty / "bad.tar.xz", change)
    with pytest.raises(BundleError, match=message):
        restore(bad)
    assert listing(empty) == {"bad.tar.xz"}
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE]
)
def test_member_that_is_no_plain_file_is_refused(bundle: Path, empty: Path, kind: bytes) -> None:
    """Fails if a link, a device or a folder is followed or made."""
    bad = empty / "bad.tar.xz"
    with tarfile.open(bundle, "r:xz") as source, tarfile.open(bad, "w:xz") as archive:
        for member in source:
            content = source.extractfile(member)
            if member.name == str(TABLE):
                member.type, member.linkname, member.size, content = kind, "/etc/passwd", 0, None
            archive.addfile(member, content)
    with pytest.raises(BundleError, match=r"its member 'results/.*errors\.parquet' is no plain file"):
        restore(bad)
    assert listing(empty) == {"bad.tar.xz"}


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (tarfile.REGTYPE, "takes .* MB more"),
        (tarfile.XHDTYPE, "no plain"),
        (tarfile.GNUTYPE_LONGNAME, "no plain"),
    ],
)
def test_huge_member_is_refused_unread(bundle: Path, empty: Path, kind: bytes, message: str) -> None:
    """Fails if what a header promises is taken to disk or memory: a file, or the long name of one."""
    bad = empty / "bad.tar.xz"
    with tarfile.open(bundle, "r:xz") as source, lzma.open(bad, "w") as archive:
        for member in source:
            content = source.extractfile(member)
            assert content is not None
            if member.name == str(TABLE):
                member.type, member.size = kind, 1 << 50
            archive.write(member.tobuf(tarfile.GNU_FORMAT) + content.read())
            archive.write(b"\0" * (-archive.tell() % tarfile.BLOCKSIZE))
    with pytest.raises(BundleError, match=message):
        restore(bad)
    assert listing(empty) == {"bad.tar.xz"}


def test_folder_that_leads_elsewhere_is_refused(bundle: Path, empty: Path) -> None:
    """Fails if a link takes files out of the results, or a folder in the way ends in a traceback."""
    (empty / "results/smoke").mkdir()
    (empty / "results/smoke/tables").symlink_to("/tmp")
    with pytest.raises(BundleError, match="do not trust this bundle"):
        restore(bundle)
    (empty / "results/smoke/tables").unlink()
    TABLE.mkdir(parents=True)
    with pytest.raises(InTheWayError, match=r"errors\.parquet: is a folder, and the bundle has a file there"):
        restore(bundle, force=True)
    TABLE.rmdir()
    TABLE.parent.rmdir()
    TABLE.parent.touch()
    with pytest.raises(InTheWayError, match="spherical: is no folder, and the bundle needs one there"):
        restore(bundle)
    assert listing(empty) == {str(TABLE.parent)}


@pytest.mark.parametrize("size", [0, 100, 5000, -40])
def test_truncated_bundle_changes_nothing(bundle: Path, empty: Path, size: int) -> None:
    """Fails if a download that broke off ends in a traceback, or leaves files."""
    bad = empty / "bad.tar.xz"
    bad.write_bytes(bundle.read_bytes()[:size])
    with pytest.raises(BundleError, match=r"bad\.tar\.xz: (is damaged or truncated|does not begin with)"):
        restore(bad)
    with lzma.open(empty / "text.tar.xz", "w") as stream:
        stream.write(b"no archive")
    with pytest.raises(BundleError, match=r"text\.tar\.xz: "):
        restore(empty / "text.tar.xz")
    with pytest.raises(BundleError, match=r"gone\.tar\.xz: cannot be read"):
        restore(empty / "gone.tar.xz")
    assert listing(empty) == {"bad.tar.xz", "text.tar.xz"}


def test_full_disk_changes_nothing(bundle: Path, empty: Path, mount: Mount) -> None:
    """Fails if half a bundle is left where the disk has no room for all of it."""
    undo = mount(empty / "results", "size=64k")
    with pytest.raises((BundleError, OSError)):
        restore(bundle)
    assert listing(empty) == set()
    undo()


def killed_at(step: int, bundle: Path) -> int:
    """Restore by force in a process that dies before its step-th change on disk; return how many it began."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        count = 0

        def die(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal count
            writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_WRONLY
            if writes or event in ("os.rename", "os.remove", "os.utime", "os.mkdir"):
                count += 1
                if count == step:
                    os.write(writing, str(count).encode())
                    os._exit(9)

        sys.addaudithook(die)
        restore(bundle, force=True)
        os.write(writing, str(count).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        return int(told.read())


def known(name: str) -> tuple[str | None, str | None]:
    """Return what exists of a result and of its metadata."""
    there = [digest(path) if path.exists() else None for path in (Path(name), metadata_path(name))]
    return there[0], there[1]


@pytest.mark.slow
def test_after_a_kill_at_any_step_no_file_counts_as_another(bundle: Path, empty: Path) -> None:
    """Fails if a kill leaves a file beside metadata of another, unmarked, or the next restore does not end.

    Snakemake takes what it recorded nothing of, and has not marked, for current.
    """
    other, functions = TABLE.with_name("matches.parquet"), RESULTS / "tables/spherical/functions.parquet"

    def prepare() -> None:
        subprocess.run(["rm", "-rf", "results", ".snakemake"], check=True)
        own(WEIGHTS, b"mine", [])
        own(TABLE, b"from mine", [WEIGHTS])
        own(functions, b"from mine too", [WEIGHTS])
        own(other, b"and this", [WEIGHTS])
        other.unlink()

    prepare()
    names = list(metadata_of(bundle))
    before = {name: known(name) for name in names}
    steps = killed_at(0, bundle)
    after, end = {name: known(name) for name in names}, listing(empty)
    assert not functions.exists()
    # Most of the first half is unpacking beside what is there.
    for step in [steps // 4, *range(steps // 2, steps, steps // 20), steps]:
        prepare()
        assert killed_at(step, bundle) == step
        marked = set(recorded_files(INCOMPLETE))
        now = {name: known(name) for name in names}
        here = [name for name in names if now[name][0] is not None and name not in marked]
        assert all(now[name] in (before[name], after[name]) for name in here), step
        if any(now[name] != before[name] for name in here):  # nothing else is to be done then
            assert now == after, step
            assert not functions.exists()
        restore(bundle, force=True)
        assert {name: known(name) for name in names} == after, step
        assert not [name for name in recorded_files(INCOMPLETE) if Path(name).exists()], step
        left = listing(empty) - {str(metadata_path(functions, INCOMPLETE))}  # of what is gone: means nothing
        assert left == end, step


def test_not_beside_a_running_snakemake(bundle: Path, empty: Path) -> None:
    """Fails if files appear under a run."""
    lock = supervision.take_lock(empty)
    with pytest.raises(supervision.DriverError, match="is already running this pipeline here"):
        restore(bundle)
    os.close(lock)


def test_nothing_cannot_be_packed(empty: Path) -> None:
    """Fails if a bundle is made of what happens to be there."""
    own(TABLE, b"mine", [])
    with pytest.raises(
        BundleError, match="results/smoke: holds nothing finished of tier weights; run snakemake"
    ):
        pack(RESULTS, "weights", empty / "x.tar.xz")
    assert not (empty / "x.tar.xz").exists()


def test_damaged_result_cannot_be_packed(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if a flipped bit gets a sum of its own."""
    project = tiny_paper.copy(tmp_path / "paper")
    with (project.path / TABLE).open("r+b") as handle:
        handle.seek(100)
        handle.write(b"\0\1\2\3")
    said = project.tool("bundle", "--scale", "smoke", "--output", "x.tar.xz")
    assert said.returncode == 1
    assert "errors.parquet: is not what rule compare_run wrote" in said.stdout
    assert not (project.path / "x.tar.xz").exists()


def test_notice_is_for_those_who_have_nothing(bundle: Path, empty: Path) -> None:
    """Fails if nobody learns of shipped results, or is told of them for ever."""
    assert notice(empty, "smoke") is None
    (empty / "bundles").mkdir()
    (empty / "bundles/smoke-tables-of-spherical.tar.xz").write_bytes(bundle.read_bytes())
    said = notice(empty, "smoke")
    assert said is not None
    assert said.startswith("bundles/smoke-tables-of-spherical.tar.xz: ")
    assert "run ickrr restore --shipped smoke" in said
    assert notice(empty, "laptop") is None
    restore(bundle)
    assert notice(empty, "smoke") is None


def test_all_archives_of_a_scale_are_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if the tables of a single run are not found, or those of another scale or its models are."""
    (tmp_path / "bundles").mkdir()
    names = ["desk-tables-of-clustered", "desk-tables-of-spherical", "desk-tables"]
    for name in (*names, "laptop-tables", "desk-models-of-spherical"):
        (tmp_path / f"bundles/{name}.tar.xz").touch()
    monkeypatch.chdir(tmp_path)
    assert shipped_bundles("desk", tmp_path) == sorted(Path(f"bundles/{name}.tar.xz") for name in names)
    assert shipped_bundles("paper", tmp_path) == []


def test_contents_of_a_bundle_name_its_files(bundle: Path, tmp_path: Path) -> None:
    """Fails if a bundle has to be unpacked to learn what it holds, or a file that is none passes for one."""
    assert str(TABLE) in contents_of(bundle).sums
    (tmp_path / "x.tar.xz").write_bytes(b"no archive")
    with pytest.raises(BundleError, match="is damaged or truncated"):
        contents_of(tmp_path / "x.tar.xz")
