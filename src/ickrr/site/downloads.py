"""What a reader takes from the site: pictures small enough for a page, and the tables of a figure as CSV."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from PIL import Image

from ickrr.io.files import atomic_path, read_table

QUALITY: Final = 80
EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first date of a ZIP file, so that equal tables give equal bytes


def write_picture(source: Path, target: Path) -> tuple[int, int]:
    """Write a figure as WebP, about a third of its PNG, and return its width and height in pixels."""
    with Image.open(source) as image, atomic_path(target) as temporary:
        # Figures are drawn on white, also where the page is dark.
        flat = Image.new("RGB", image.size, "white")
        flat.paste(image, mask=image.getchannel("A") if image.mode == "RGBA" else None)
        flat.save(temporary, "WEBP", quality=QUALITY, method=4)
        return flat.size


def write_data(tables: Mapping[str, Path], target: Path) -> None:
    """Write tidy tables as CSV files in one ZIP file.

    Args:
        tables: Parquet files by what the CSV is called in the ZIP file, without its ending.
        target: the ZIP file.

    Raises:
        FileError: a table is missing or cannot be read.
    """
    with atomic_path(target) as temporary, ZipFile(temporary, "w") as archive:
        for name, path in tables.items():
            content = read_table(path).to_csv(index=False, lineterminator="\n")
            archive.writestr(ZipInfo(f"{name}.csv", EPOCH), content, ZIP_DEFLATED)
