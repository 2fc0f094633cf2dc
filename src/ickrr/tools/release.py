"""Put everything that is published into one folder, with checksums; or write the metadata of the project."""

import argparse
from pathlib import Path

from ickrr.code import ROOT
from ickrr.config.command_line import add_results_option
from ickrr.config.load import load_experiment
from ickrr.io.files import write_text
from ickrr.release.artefacts import write_release
from ickrr.release.metadata import metadata_files, version


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_results_option(parser)
    parser.add_argument("--folder", type=Path, help="empty folder to fill (default build/release-<version>)")
    told = "only write CITATION.cff, codemeta.json and .zenodo.json again, from pyproject.toml"
    parser.add_argument("--metadata", action="store_true", help=told)


def main(arguments: argparse.Namespace) -> None:
    """Write the release, or the metadata.

    Raises:
        FileError: see `ickrr.release.artefacts.write_release`.
        BundleError: the results do not belong together.
    """
    if arguments.metadata:
        for name, text in metadata_files().items():
            write_text(ROOT / name, text)
        return
    folder = arguments.folder or Path("build") / f"release-{version()}"
    experiment = load_experiment(ROOT / "config.yaml", arguments.scale)
    for path in write_release(experiment, Path("results") / arguments.scale, folder):
        print(f"{path.stat().st_size / 1e6:8.2f} MB  {path}")
