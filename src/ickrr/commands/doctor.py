"""Check environment, TeX, disk, locks, left-over jobs, GPU, config, bundle and results: one line each."""

import argparse
from pathlib import Path

from ickrr.doctor import examine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--scale", default="laptop", help="scale that is asked about (default laptop)")
    parser.add_argument("--overlay", help="a further file of configuration")


def main(arguments: argparse.Namespace) -> None:
    """Print the findings.

    Raises:
        SystemExit: 1, if something is not right.
    """
    bad = 0
    for finding in examine(Path(), arguments.scale, arguments.overlay):
        print(finding, flush=True)
        bad += finding.state == "BAD"
    if bad:
        raise SystemExit(1)
