"""Check a bundle and put its results in place, so that snakemake makes only what is left."""

import argparse
import sys
from pathlib import Path

from ickrr.bundles.format import InTheWayError, shipped_bundle
from ickrr.bundles.restoring import restore
from ickrr.code import ROOT
from ickrr.config.load import SCALES
from ickrr.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("bundle", type=Path, nargs="?", help="archive to restore (.tar.xz)")
    parser.add_argument(
        "--shipped",
        choices=SCALES,
        help="restore the bundle of this scale that comes with the project; files in its way are kept",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="overwrite results that differ, and remove those that were made from other files",
    )


def main(arguments: argparse.Namespace) -> None:
    """Restore the bundle.

    Raises:
        BundleError: see `ickrr.bundles.restoring.restore`; nothing was changed then.
        ConfigError: no bundle is named.
    """
    if arguments.shipped:
        bundle = shipped_bundle(arguments.shipped, ROOT)
        if not bundle.exists():
            return
    elif arguments.bundle:
        bundle = arguments.bundle
    else:
        raise ConfigError("restore: name a bundle, or --shipped and a scale")
    try:
        contents = restore(bundle, force=arguments.force)
    except InTheWayError as error:
        if not arguments.shipped:
            raise
        print(f"your own results stay: {error}", file=sys.stderr)
        return
    print(f"{bundle}: restored {contents.origin()}")
