"""Pack the results of a scale into one archive that others can restore."""

import argparse
from pathlib import Path

from ickrr.bundles.manifest import TIERS
from ickrr.bundles.pack import pack
from ickrr.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--tier", choices=sorted(TIERS), default="tables", help="what to pack (default tables)"
    )
    parser.add_argument("--results", type=Path, default=Path("results/laptop"), help="folder results/<scale>")
    parser.add_argument("--output", type=Path, required=True, help="archive to write (.tar.xz)")


def main(arguments: argparse.Namespace) -> None:
    """Write the bundle.

    Raises:
        BundleError: the results are incomplete, damaged or out of date.
        ConfigError: the archive has another ending than .tar.xz.
    """
    if not arguments.output.name.endswith(".tar.xz"):
        raise ConfigError(f"--output {arguments.output}: a bundle is called <name>.tar.xz")
    manifest = pack(arguments.results, arguments.tier, arguments.output)
    size = arguments.output.stat().st_size
    content = f"{len(manifest.files)} {manifest.tier} files of a {manifest.origin()}"
    print(f"{arguments.output}: {content}, {size / 1e6:.2f} MB")
