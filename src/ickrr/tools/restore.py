"""Check a bundle and put its results in place, so that snakemake makes only what is left."""

import argparse
import sys
from pathlib import Path

from ickrr.bundles.format import InTheWayError, shipped_bundles
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
        help="restore what the project ships of the tables of this scale; files in the way are kept",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="overwrite results that differ, and remove those that were made from other files",
    )


def main(arguments: argparse.Namespace) -> None:
    """Restore the bundle, or each that is shipped for a scale.

    Raises:
        BundleError: see `ickrr.bundles.restoring.restore`; this bundle has changed nothing then.
        ConfigError: no bundle is named.
    """
    if arguments.shipped:
        bundles = shipped_bundles(arguments.shipped, ROOT)
        if not bundles:
            print(f"no results of the {arguments.shipped} scale are shipped; snakemake computes them")
    elif arguments.bundle:
        bundles = [arguments.bundle]
    else:
        raise ConfigError("restore: name a bundle, or --shipped and a scale")
    for bundle in bundles:
        try:
            contents = restore(bundle, force=arguments.force)
        except InTheWayError as error:
            if not arguments.shipped:
                raise
            print(f"your own results stay: {error}", file=sys.stderr)
        else:
            print(f"{bundle}: restored {contents.origin()}")
