"""Pack the results of a scale into one archive, which `ickrr restore` puts in place."""

import argparse
import sys
from pathlib import Path

from ickrr.bundles.packing import TIERS, pack
from ickrr.config.command_line import add_results_option
from ickrr.config.messages import no_such
from ickrr.errors import ConfigError

SHOWN = 5  # reasons that are printed of a long list


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--tier", choices=sorted(TIERS), default="tables", help="what to pack (default tables)"
    )
    add_results_option(parser)
    parser.add_argument("--runs", nargs="+", default=[], metavar="RUN", help="pack these runs alone")
    parser.add_argument("--output", type=Path, required=True, help="archive to write (.tar.xz)")


def main(arguments: argparse.Namespace) -> None:
    """Write the bundle.

    Raises:
        BundleError: see `ickrr.bundles.packing.pack`.
        FileError: a result is damaged.
        ConfigError: the archive has another ending than .tar.xz, or a run has no results.
    """
    if not arguments.output.name.endswith(".tar.xz"):
        raise ConfigError(f"--output {arguments.output}: a bundle is called <name>.tar.xz")
    results = Path("results") / arguments.scale
    trained = sorted(path.name for path in (results / "trained").glob("*") if path.is_dir())
    for run in arguments.runs:
        if run not in trained:
            raise ConfigError(f"--runs: {no_such('trained run', run, trained)}")
    packed = pack(results, arguments.tier, arguments.output, arguments.runs)
    contents = packed.contents
    if not contents.about.finished:
        print(
            f"{results}/paper.pdf is not there, so this is what there is of tier {arguments.tier} "
            "(snakemake -n says what is to be done)",
            file=sys.stderr,
        )
        for reason in packed.left_out[:SHOWN]:
            print(f"left out: {reason}", file=sys.stderr)
        if len(packed.left_out) > SHOWN:
            print(f"left out: {len(packed.left_out) - SHOWN} more", file=sys.stderr)
    print(f"{arguments.output}: {contents.origin()}, {arguments.output.stat().st_size / 1e6:.2f} MB")
