"""Unpacking: every byte is checked, and a bundle that is not right changes nothing on disk."""

import io
import json
import lzma
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ickrr.bundles.manifest import BundleError, inside
from ickrr.bundles.pack import pack
from ickrr.bundles.unpack import unpack

RESULTS = Path("results/smoke")
OTHER = Path("other/results/smoke")
Members = list[tuple[str, bytes]]
same_project = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


@pytest.fixture
def bundle(project: Path) -> Path:
    path = project / "b.tar.xz"
    pack(RESULTS, "tables", path)
    return path


def refused(path: Path, scale: str = "smoke") -> str:
    """Unpack what must be refused; return the message."""
    OTHER.mkdir(parents=True, exist_ok=True)
    before = sorted(OTHER.rglob("*"))
    with pytest.raises(BundleError) as caught:
        unpack(path, OTHER, scale)
    assert sorted(OTHER.rglob("*")) == before
    return str(caught.value)


def rewritten(path: Path, change: Callable[[Members], Members]) -> Path:
    """Write the archive again with other members, well formed in itself."""
    with lzma.open(path) as stream, tarfile.open(fileobj=stream) as archive:
        members = [(member.name, archive.extractfile(member).read()) for member in archive]  # type: ignore[union-attr]
    target = path.with_name("changed.tar.xz")
    with lzma.open(target, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        for name, content in change(members):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return target


def with_manifest(members: Members, edit: Callable[[dict], object]) -> Members:
    manifest = json.loads(members[0][1])
    edit(manifest)
    return [("manifest.json", json.dumps(manifest).encode()), *members[1:]]


def test_files_come_back_as_they_were(bundle: Path) -> None:
    """Fails if a byte is lost on the way, or a leftover of the work stays behind."""
    manifest = unpack(bundle, OTHER, "smoke")
    for name in manifest.files:
        assert (OTHER / "restored/tables/files" / name).read_bytes() == (RESULTS / name).read_bytes()
    assert [path.name for path in (OTHER / "restored").iterdir()] == ["tables"]
    unpack(bundle, OTHER, "smoke")
    assert [path.name for path in (OTHER / "restored").iterdir()] == ["tables"]


@same_project
@given(where=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_is_noticed(bundle: Path, where: float, bit: int) -> None:
    """Fails if any bit of the archive could change unnoticed."""
    content = bytearray(bundle.read_bytes())
    content[int(where * len(content))] ^= 1 << bit
    flipped = bundle.with_name("flipped.tar.xz")
    flipped.write_bytes(content)
    assert "flipped.tar.xz" in refused(flipped)


@same_project
@given(share=st.floats(0, 1, exclude_max=True))
def test_truncation_is_noticed(bundle: Path, share: float) -> None:
    """Fails if an archive that was cut off anywhere is taken for a whole one."""
    content = bundle.read_bytes()
    cut = bundle.with_name("cut.tar.xz")
    cut.write_bytes(content[: int(share * len(content))])
    assert "cut.tar.xz" in refused(cut)


def test_missing_member_is_named(bundle: Path) -> None:
    """Fails if a bundle with a file too few is taken."""
    name = "files/tables/spherical/errors.parquet"
    changed = rewritten(bundle, lambda members: [member for member in members if member[0] != name])
    assert f"lacks the member '{name}'" in refused(changed)


def test_member_with_other_content_is_named(bundle: Path) -> None:
    """Fails if a file is taken that is not the one of the manifest, though the archive is well formed."""
    name = "files/tables/spherical/errors.parquet"

    def swap(members: Members) -> Members:
        return [(n, content[::-1] if n == name else content) for n, content in members]

    assert f"member '{name}' is not what the manifest says" in refused(rewritten(bundle, swap))


@pytest.mark.parametrize("name", ["../../evil", "/tmp/evil", "files/../../evil", "files/tables/new.parquet"])
def test_member_outside_the_manifest_is_refused(bundle: Path, name: str) -> None:
    """Fails if an archive could write anything that its manifest does not name."""
    changed = rewritten(bundle, lambda members: [members[0], (name, b"x"), *members[1:]])
    assert f"has a member '{name}' that its manifest does not" in refused(changed)


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil", "a//b", "./a", "", "a\0b", "a\\b"])
def test_manifest_that_climbs_out_is_refused(bundle: Path, name: str) -> None:
    """Fails if a manifest could name a file outside the results."""

    def climb(manifest: dict) -> None:
        manifest["files"][name] = next(iter(manifest["files"].values()))

    changed = rewritten(bundle, lambda members: with_manifest(members, climb))
    assert "climbs out of the results" in refused(changed)
    assert not inside(name)


def test_link_in_place_of_a_file_is_refused(bundle: Path) -> None:
    """Fails if a link could be unpacked, through which later members are written elsewhere."""
    changed = bundle.with_name("link.tar.xz")
    with lzma.open(bundle) as stream, tarfile.open(fileobj=stream) as archive:
        manifest = archive.extractfile("manifest.json").read()  # type: ignore[union-attr]
    with lzma.open(changed, "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        info = tarfile.TarInfo("manifest.json")
        info.size = len(manifest)
        archive.addfile(info, io.BytesIO(manifest))
        link = tarfile.TarInfo("files/tables/spherical/errors.parquet")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert "has a member" in refused(changed)


def test_other_scale_is_refused(bundle: Path) -> None:
    """Fails if smoke results could stand in for the paper's."""
    assert "scale 'smoke', not 'paper'; restore it with --scale smoke" in refused(bundle, "paper")


def test_other_format_is_refused(bundle: Path) -> None:
    """Fails if a bundle of a later layout is read as one of this."""
    changed = rewritten(bundle, lambda m: with_manifest(m, lambda manifest: manifest.update(format=2)))
    assert "key 'format' of its manifest.json is 2, this version reads 1" in refused(changed)


def test_lacking_key_is_named(bundle: Path) -> None:
    """Fails if a manifest without one of its parts is taken."""
    changed = rewritten(bundle, lambda m: with_manifest(m, lambda manifest: manifest.pop("sources")))
    assert "key 'sources'" in refused(changed)


def test_what_is_not_a_bundle_is_refused(project: Path) -> None:
    """Fails if a missing file or another archive ends in a traceback."""
    assert "cannot be read" in refused(Path("gone.tar.xz"))
    Path("text.tar.xz").write_text("hello")
    assert "is damaged or truncated" in refused(Path("text.tar.xz"))
    with lzma.open("other.tar.xz", "wb") as stream, tarfile.open(fileobj=stream, mode="w|") as archive:
        archive.add("src")
    assert "does not begin with manifest.json" in refused(Path("other.tar.xz"))


def test_no_room_is_said_before_anything_is_written(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if the disk is filled before somebody notices."""
    usage = shutil.disk_usage(".")._replace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    assert "free some space and restore again" in refused(bundle)
