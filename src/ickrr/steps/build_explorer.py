"""Build the Explorer of the site, and the data of each run that it shows."""

import argparse
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.io.files import read_settings, write_text
from ickrr.report.load import file_of
from ickrr.site.explorer import explorer_page, plot_library, run_script
from ickrr.site.explorer_files import EXPLORER_ASSETS, EXPLORER_TABLES
from ickrr.site.layout import write_assets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--experiment", type=Path, required=True, help="resolved experiment (JSON)")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables of all runs")
    parser.add_argument("--explorer", type=Path, required=True, help="page to write")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        help="data to write: <run>.js, in the order of the page",
    )
    parser.add_argument("--assets", type=Path, nargs="+", required=True, help="scripts to write")


def main(arguments: argparse.Namespace) -> None:
    """Write the page, the data and the scripts."""
    experiment = read_settings(arguments.experiment, Experiment)
    for path in arguments.data:
        tables = {table.stem: table for table in arguments.tables if table.parent.name == path.stem}
        for table in EXPLORER_TABLES:
            file_of(arguments.tables, f"{path.stem}/{table}.parquet")  # or it says which is missing
        write_text(path, run_script(path.stem, tables))
    write_text(arguments.explorer, explorer_page(experiment, [path.stem for path in arguments.data]))
    write_assets(arguments.explorer.parent, EXPLORER_ASSETS)
    for name, content in plot_library().items():
        write_text(arguments.explorer.parent / "assets" / name, content)
