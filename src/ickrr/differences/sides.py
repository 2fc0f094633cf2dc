"""One side of a comparison: the tables of a scale, of a folder or of a bundle, and how they were made."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ickrr.bundles.format import unpack
from ickrr.config.load import SCALES
from ickrr.differences.settings import Made
from ickrr.errors import FileError
from ickrr.io.files import read_json
from ickrr.provenance import METADATA, Record, metadata_path, recorded_files
from ickrr.report.load import load_other, load_table


@dataclass(frozen=True)
class Side:
    """One of the two sets of results that are compared.

    Attributes:
        name: what the caller called it.
        tables: folder of its tables.
        made: the jobs that made its results, as Snakemake recorded them.
    """

    name: str
    tables: Path
    made: Made = ()

    @property
    def runs(self) -> list[str]:
        """Return the runs of which there is a learning curve."""
        return sorted(path.parent.name for path in self.tables.glob("*/learning_curve.parquet"))

    def table(self, run: str, name: str) -> pd.DataFrame | None:
        """Return one table of a run, None if there is none.

        Raises:
            FileError: it is damaged, or not the table of its run.
        """
        there = (self.tables / run / f"{name}.parquet").exists()
        return load_table(self.tables, [run], name) if there else None

    def record(self, name: str) -> Record | None:
        """Return what was recorded of a result (digest, commit, versions, machine), None if nothing was.

        Args:
            name: its path below ``results/<scale>``.
        """
        path = self.tables.parent / "records" / f"{name}.json"
        return read_json(path) if path.exists() else None

    def claims(self) -> pd.DataFrame | None:
        """Return the judged claims, None if they have not been judged."""
        return load_other(self.tables, "claims") if (self.tables / "claims.parquet").exists() else None


@contextmanager
def opened(source: str) -> Iterator[Side]:
    """Yield a side; a bundle is unpacked beside nothing of the caller's and removed again.

    Args:
        source: a scale, whose results are below the working directory; a folder ``results/<scale>``; or a
            bundle.

    Raises:
        FileError: there are no results of this name.
        BundleError: the bundle is damaged, or is none.
    """
    path = Path("results") / source if source in SCALES else Path(source)
    if path.is_dir():
        yield _of_folder(source, path)
        return
    if not path.exists():
        raise FileError(f"{path}: no such results; name a scale, a folder results/<scale> or a bundle")
    with tempfile.TemporaryDirectory(prefix="ickrr-") as name:
        folder = Path(name)
        contents, known = unpack(path, folder, lambda size: None)
        made = [(one.rule, one.params) for one in known.metadata.values()]
        yield Side(source, folder / contents.results / "tables", made)


def _of_folder(source: str, results: Path) -> Side:
    place = Path(os.path.abspath(results))
    if not (place / "tables").is_dir():
        raise FileError(f"{results}: has no folder 'tables'; name a folder results/<scale> that has one")
    recorded = place.parents[1] / METADATA
    below = f"results/{place.name}/"
    made = []
    for name in recorded_files(recorded):
        if name.startswith(below) and (place.parents[1] / name).exists():
            metadata = read_json(metadata_path(name, recorded))
            made.append((str(metadata["rule"]), list(map(str, metadata["params"] or []))))
    return Side(source, place / "tables", made)
