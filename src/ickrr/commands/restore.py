"""Check a bundle and unpack it, so that snakemake takes what still holds instead of computing it."""

import argparse
from pathlib import Path

from ickrr.bundles.unpack import unpack


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("bundle", type=Path, help="archive to restore (.tar.xz)")
    parser.add_argument("--scale", default="laptop", help="scale that it must have (default laptop)")
    parser.add_argument(
        "--results", type=Path, help="folder of the scale's results (default results/<scale>)"
    )


def main(arguments: argparse.Namespace) -> None:
    """Unpack the bundle beside the results.

    Raises:
        BundleError: see `ickrr.bundles.unpack.unpack`; nothing was changed then.
    """
    results = arguments.results or Path("results") / arguments.scale
    manifest = unpack(arguments.bundle, results, arguments.scale)
    print(
        f"{results / 'restored' / manifest.tier}: {len(manifest.files)} results of a {manifest.origin()}; "
        f"`snakemake -n --config scale={manifest.scale}` names what does not match and will be made again"
    )
