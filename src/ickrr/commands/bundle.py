"""Pack the results of a scale into one archive that others can restore."""

import argparse
from pathlib import Path

from ickrr.bundles import TIERS, pack
from ickrr.errors import ConfigError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--tier", choices=sorted(TIERS), default="tables", help="what to pack (default tables)"
    )
    parser.add_argument("--scale", default="laptop", help="scale of the results (default laptop)")
    parser.add_argument("--output", type=Path, required=True, help="archive to write (.tar.xz)")


def main(arguments: argparse.Namespace) -> None:
    """Write the bundle.

    Raises:
        BundleError: the paper of these results is not finished.
        FileError: a result is damaged.
        ConfigError: the archive has another ending than .tar.xz.
    """
    if not arguments.output.name.endswith(".tar.xz"):
        raise ConfigError(f"--output {arguments.output}: a bundle is called <name>.tar.xz")
    contents = pack(Path("results") / arguments.scale, arguments.tier, arguments.output)
    print(f"{arguments.output}: {contents.origin()}, {arguments.output.stat().st_size / 1e6:.2f} MB")
