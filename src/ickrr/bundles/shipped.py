"""The bundle that comes with the project: unpacked by itself where nothing has been computed yet."""

from pathlib import Path

from ickrr.bundles.unpack import SOURCE, unpack
from ickrr.records import digest

FOLDER = Path("bundles")


def shipped_bundle(scale: str) -> Path:
    """Where the bundle of a scale's tables is, if there is one."""
    return FOLDER / f"{scale}-tables.tar.xz"


def unpack_shipped(results: Path, scale: str) -> bool:
    """Unpack the shipped tables of a scale if its results are empty, or anew if the bundle has changed.

    Args:
        results: the folder ``results/<scale>``.
        scale: name of the scale.

    Returns:
        Whether anything was unpacked.

    Raises:
        BundleError: the bundle is damaged.
    """
    bundle = shipped_bundle(scale)
    source = results / "restored" / "tables" / SOURCE
    if not bundle.exists() or (not source.exists() and (results / "tables").exists()):
        return False
    if source.exists() and source.read_text(encoding="utf-8").strip() == digest(bundle):
        return False
    unpack(bundle, results, scale)
    return True
