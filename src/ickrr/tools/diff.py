"""Compare two sets of results: settings, learning curves, best steps, alignment, and claims that flip.

Each side is a scale (its results are in results/<scale>), a folder results/<scale> of any checkout, or a
bundle. Changes are those from A to B, with an interval over trainings: paired where both sides have the same
seeds and the same prompts.
"""

import argparse
from pathlib import Path

from ickrr.config.statistics import StatisticsSettings
from ickrr.differences.compare import differences
from ickrr.differences.sections import as_text, sections
from ickrr.differences.sides import opened
from ickrr.io.files import write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("first", metavar="A", help="a scale, a folder results/<scale>, or a bundle (.tar.xz)")
    parser.add_argument("second", metavar="B", help="what it is compared with")
    parser.add_argument("--all", action="store_true", help="show also the numbers that do not differ")
    parser.add_argument("--html", type=Path, help="write a page with pictures, too")


def main(arguments: argparse.Namespace) -> None:
    """Print how two sets of results differ, and write the page if one is asked for.

    Raises:
        FileError: there are no such results, they have no run in common, or a table is damaged.
        BundleError: a bundle is damaged, or is none.
    """
    with opened(arguments.first) as first, opened(arguments.second) as second:
        found = differences(first, second, StatisticsSettings().confidence)
        shown = sections(found, arguments.all)
        print("\n".join(as_text(shown)))
        if arguments.html:
            # They bring matplotlib, which the terminal does without.
            from ickrr.differences.page import page
            from ickrr.differences.pictures import picture

            pictures = {run: picture(first, second, run) for run in found.runs}
            write_text(arguments.html, page(found, shown, pictures))
            print(f"{arguments.html}: written; open it in a browser")
