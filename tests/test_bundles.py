"""Bundles: what is packed, and what is refused before anything is changed."""

import hashlib
import io
import json
import lzma
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from support import Mount, Paper

from ickrr import bundles, driver
from ickrr.bundles import BundleError, notice, pack, read_contents, restore
from ickrr.provenance import metadata_path, recorded_file

RESULTS = Path("results/smoke")
TABLE = RESULTS / "tables/spherical/errors.parquet"


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
    with tarfile.open(target, "w:xz") as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return target


def listing(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_what_is_restored_is_what_was_made(bundle: Path, empty: Path, tiny_paper: Paper) -> None:
    """Fails if a file or a date differs, metadata are missing, or something drawn is shipped."""
    contents = restore(bundle)
    assert contents.origin().endswith("on cpu")
    found = listing(empty)
    assert found == set(contents.sums)
    for name in found:
        assert (empty / name).read_bytes() == (tiny_paper.path / name).read_bytes(), name
        assert (empty / name).stat().st_mtime == pytest.approx((tiny_paper.path / name).stat().st_mtime)
    assert str(TABLE) in found
    assert not [name for name in found if "/figures/" in name or "/latex/" in name or "tab_" in name]
    # What is left out is known all the same.
    weights = RESULTS / "trained/spherical/seed0/weights.safetensors"
    assert str(weights) not in found
    assert metadata_path(weights).exists()


def test_sums_are_those_of_sha256sum(bundle: Path, tmp_path: Path) -> None:
    """Fails if a bundle cannot be checked with the usual tools."""
    subprocess.run(["tar", "-xJf", bundle, "-C", tmp_path], check=True)
    subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path, check=True)


def test_metadata_are_where_snakemake_looks(tiny_paper: Paper) -> None:
    """Fails if our name of a metadata file is not Snakemake's, also where it is cut in pieces."""
    from snakemake.persistence.file import FilePersistence

    class Named(FilePersistence):
        def __init__(self) -> None:
            self._max_len = 255

    for name in (str(TABLE), "results/" + "long/" * 120 + "name"):
        assert str(metadata_path(name)) == Named()._record_path(".snakemake/metadata", name)
        assert recorded_file(metadata_path(name)) == name


def test_own_files_are_never_overwritten(bundle: Path, empty: Path) -> None:
    """Fails if restoring changes anything where a file differs, unless it is forced to."""
    TABLE.parent.mkdir(parents=True)
    TABLE.write_text("mine")
    with pytest.raises(BundleError, match=r"errors\.parquet: there already, and not what .* holds"):
        restore(bundle)
    assert listing(empty) == {str(TABLE)}
    assert TABLE.read_text() == "mine"
    contents = restore(bundle, force=True)
    assert hashlib.sha256(TABLE.read_bytes()).hexdigest() == contents.sums[str(TABLE)]
    restore(bundle)


def test_what_snakemake_knows_of_own_files_stays(bundle: Path, empty: Path) -> None:
    """Fails if metadata of a file that was made here are replaced by those of the bundle."""
    restore(bundle)
    record = metadata_path(TABLE)
    record.write_text("{}")
    other = RESULTS / "predictions/spherical/seed0.safetensors"
    other.parent.mkdir(parents=True)
    other.write_text("made here")
    metadata_path(other).unlink()
    restore(bundle)
    assert record.read_text() == "{}"
    assert not metadata_path(other).exists()


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


def other_format(members: dict[str, bytes]) -> None:
    members["about.json"] = json.dumps({**json.loads(members["about.json"]), "format": 2}).encode()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (flip, "is not what SHA256SUMS says"),
        (add, "has a member 'results/smoke/more.txt' that SHA256SUMS does not"),
        (lose, "lacks the member"),
        (listed("results/smoke/../../evil"), "is not below results/smoke; do not trust"),
        (listed("/tmp/evil"), "is not below results/smoke; do not trust"),
        (listed("results/laptop/evil"), "is not below results/smoke; do not trust"),
        (listed("src/ickrr/evil.py"), "is not below results/smoke; do not trust"),
        (listed(".snakemake/scripts/evil"), "is not below results/smoke; do not trust"),
        (other_format, "this version reads format 1"),
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


def test_link_is_no_file(bundle: Path, empty: Path) -> None:
    """Fails if a member that is a link is followed, or a folder that leads out of the results."""
    bad = empty / "bad.tar.xz"
    with tarfile.open(bundle, "r:xz") as source, tarfile.open(bad, "w:xz") as archive:
        for member in source:
            content = source.extractfile(member)
            if member.name == str(TABLE):
                member.type, member.linkname, member.size, content = tarfile.SYMTYPE, "/etc/passwd", 0, None
            archive.addfile(member, content)
    with pytest.raises(BundleError, match="has a member"):
        restore(bad)
    (empty / "results/smoke").mkdir()
    (empty / "results/smoke/tables").symlink_to("/tmp")
    with pytest.raises(BundleError, match="do not trust this bundle"):
        restore(bundle)


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
        read_contents(empty / "gone.tar.xz")
    assert listing(empty) == {"bad.tar.xz", "text.tar.xz"}


def test_full_disk_changes_nothing(bundle: Path, empty: Path, mount: Mount) -> None:
    """Fails if half a bundle is left where the disk has no room for all of it."""
    undo = mount(empty / "results", "size=64k")
    with pytest.raises((BundleError, OSError)):
        restore(bundle)
    assert listing(empty) == set()
    undo()


def test_killed_on_the_way_it_is_finished_by_the_next(
    bundle: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if an interrupted restore leaves files that Snakemake knows nothing of, for good."""
    moved = 0
    move = bundles._move

    def killed(source: Path, target: Path) -> None:
        nonlocal moved
        moved += 1
        if moved > 20:
            raise KeyboardInterrupt
        move(source, target)

    monkeypatch.setattr(bundles, "_move", killed)
    with pytest.raises(KeyboardInterrupt):
        restore(bundle)
    assert len(listing(empty)) == 20
    monkeypatch.setattr(bundles, "_move", move)
    assert listing(empty) < set(restore(bundle).sums) == listing(empty)


def test_not_beside_a_running_snakemake(bundle: Path, empty: Path) -> None:
    """Fails if files appear under a run."""
    lock = driver.take_lock(empty)
    with pytest.raises(driver.DriverError, match="is running the pipeline here; wait for it"):
        restore(bundle)
    os.close(lock)


def test_unfinished_paper_cannot_be_packed(empty: Path) -> None:
    """Fails if a bundle is made of what happens to be there."""
    with pytest.raises(BundleError, match=r"paper\.pdf: Snakemake recorded nothing of it; run snakemake"):
        pack(RESULTS, "tables", empty / "x.tar.xz")
    assert listing(empty) == set()


def test_damaged_result_cannot_be_packed(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if a flipped bit gets a sum of its own."""
    project = tiny_paper.copy(tmp_path / "paper")
    with (project.path / TABLE).open("r+b") as handle:
        handle.seek(100)
        handle.write(b"\0\1\2\3")
    said = project.verb("bundle", "--scale", "smoke", "--output", "x.tar.xz")
    assert said.returncode == 1
    assert "errors.parquet: is not what rule compare_run wrote" in said.stdout
    assert not (project.path / "x.tar.xz").exists()


def test_notice_is_for_those_who_have_nothing(bundle: Path, empty: Path) -> None:
    """Fails if nobody learns of shipped results, or is told of them for ever."""
    assert notice(empty, "smoke") is None
    (empty / "bundles").mkdir()
    (empty / "bundles/smoke-tables.tar.xz").write_bytes(bundle.read_bytes())
    said = notice(empty, "smoke")
    assert said is not None
    assert "python -m ickrr restore bundles/smoke-tables.tar.xz" in said
    restore(bundle)
    assert notice(empty, "smoke") is None
