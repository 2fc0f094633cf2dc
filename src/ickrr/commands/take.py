"""Take one result from a restored bundle, with the record of how it was made."""

import argparse
import shutil
from pathlib import Path

from ickrr.bundles.manifest import MANIFEST, BundleError, parse_manifest
from ickrr.bundles.unpack import SOURCE
from ickrr.files import atomic_path, read_json, write_json
from ickrr.records import Records, digest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--bundle", type=Path, required=True, help="folder of the restored bundle")
    parser.add_argument("--file", required=True, help="name of the result below results/<scale>")
    parser.add_argument("--output", type=Path, required=True, help="the result to write")


def main(arguments: argparse.Namespace) -> None:
    """Copy the file and its record.

    Raises:
        BundleError: the unpacked file is not what the manifest says.
    """
    bundle, name = arguments.bundle, arguments.file
    place = bundle / "files" / name
    manifest = parse_manifest((bundle / MANIFEST).read_text(encoding="utf-8"), str(bundle))
    if not place.is_file() or digest(place) != manifest.files[name].sha256:
        raise BundleError(
            f"{place}: is not what {bundle / MANIFEST} says (SHA-256); "
            f"delete {bundle} and restore the bundle again"
        )
    record = read_json(bundle / "records" / f"{name}.json")
    taken_from = {"folder": str(bundle), "bundle": (bundle / SOURCE).read_text(encoding="utf-8").strip()}
    # The folder of the results is the output's path without the name.
    results = arguments.output.parents[len(Path(name).parts) - 1]
    target = Records(results).path(arguments.output)
    assert target is not None, "a result has a place for its record"
    with atomic_path(arguments.output) as temporary:
        shutil.copyfile(place, temporary)
    write_json(target, {**record, "taken_from": taken_from})
