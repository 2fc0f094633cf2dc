"""Build the Results page of the site, with the pictures, data, notebooks and tables that it leads to."""

import argparse
import shutil
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.config.kinds import notebook
from ickrr.io.files import atomic_path, read_json, read_settings, write_text
from ickrr.report.load import checked_table, file_of
from ickrr.site.downloads import write_data, write_picture
from ickrr.site.findings import claims_of
from ickrr.site.layout import write_assets
from ickrr.site.notebooks import FigureNotebook, code_colours
from ickrr.site.results import FigureShown, in_order, results_page
from ickrr.site.results_files import CODE_COLOURS, RESULTS_ASSETS, tables_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--experiment", type=Path, required=True, help="resolved experiment (JSON)")
    parser.add_argument("--words", type=Path, required=True, help="descriptions of figures and tables (JSON)")
    parser.add_argument("--judged", type=Path, required=True, help="the judged claims")
    parser.add_argument("--tables", type=Path, nargs="+", required=True, help="tables that figures read")
    parser.add_argument("--drawn", type=Path, nargs="*", default=[], help="figures (PNG)")
    parser.add_argument("--executed", type=Path, required=True, help="folder of executed notebooks")
    parser.add_argument("--copied", type=Path, nargs="+", required=True, help="files that are copied")
    parser.add_argument("--index", type=Path, required=True, help="page to write")
    parser.add_argument("--assets", type=Path, nargs="+", required=True, help="style and scripts to write")
    parser.add_argument("--pictures", type=Path, nargs="*", default=[], help="pictures to write (WebP)")
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="data of figures to write (ZIP)")
    parser.add_argument("--notebooks", type=Path, nargs="*", default=[], help="notebooks to write (HTML)")
    parser.add_argument("--copies", type=Path, nargs="+", required=True, help="where files are copied to")


def main(arguments: argparse.Namespace) -> None:
    """Write the page and what it leads to."""
    experiment = read_settings(arguments.experiment, Experiment)
    words = read_json(arguments.words)
    drawn, pictures, data, notebooks = (
        {path.stem: path for path in paths}
        for paths in (arguments.drawn, arguments.pictures, arguments.data, arguments.notebooks)
    )
    figures = []
    for name in in_order(drawn):
        figure = experiment.figures[name]
        ran = FigureNotebook(name, arguments.executed / f"{name}.ipynb", notebook(figure.kind))
        write_text(notebooks[name], ran.page(f"notebooks/{name}.html"))
        tables = {table: file_of(arguments.tables, f"{table}.parquet") for table in tables_of(figure)}
        write_data(tables, data[name])
        size = write_picture(drawn[name], pictures[name])
        megabytes = data[name].stat().st_size / 1e6
        figures.append(FigureShown(name, ran.title, words["figures"][name], ran.words, size, megabytes))
    for source, target in zip(arguments.copied, arguments.copies, strict=True):
        with atomic_path(target) as temporary:
            shutil.copyfile(source, temporary)
    claims = claims_of(checked_table(arguments.judged, "claims"), experiment)
    write_text(arguments.index, results_page(experiment, claims, figures, words["tables"]))
    site = arguments.index.parent
    write_assets(site, RESULTS_ASSETS)
    write_text(site / "assets" / CODE_COLOURS, code_colours())
