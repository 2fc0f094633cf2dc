"""Pack the paper's sources so that pdflatex alone makes the PDF of them, as arXiv does.

The archive has main.tex at its root, what it includes, the figures, the generated LaTeX, and the references
as BibTeX has set them (main.bbl). Equal inputs give an equal archive: names are sorted, and every time in it
is the recorded date of the run.
"""

import gzip
import tarfile
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Final

from ickrr.io.files import atomic_path
from ickrr.report.latex import PROVENANCE, compile_pdf, gather, run_date

REFERENCES: Final = "main.bbl"


def pack(source: Path, generated: Sequence[Path], archive: Path, build: Path) -> list[str]:
    """Write the archive and return the names in it, sorted.

    Args:
        source: folder with main.tex, its sections and refs.bib.
        generated: the figures (PDF), the tables and the macros; among them ``provenance.tex``.
        archive: gzipped tar file to write; only if the sources make a PDF without a defect.
        build: working folder; emptied first.

    Raises:
        LatexError: see `ickrr.report.latex.gather`, `run_date` and `compile_pdf`.
    """
    gather(source, generated, build)
    names = [path.relative_to(build).as_posix() for path in build.rglob("*") if path.is_file()]
    packed = sorted({*(name for name in names if not name.startswith(".")), REFERENCES})
    date = run_date(next((path for path in generated if path.name == PROVENANCE), Path(PROVENANCE)))
    compile_pdf(build, date)
    with atomic_path(archive) as temporary:
        temporary.write_bytes(_archive(build, packed, date))
    return packed


def _archive(folder: Path, names: Sequence[str], date: datetime) -> bytes:
    """Return a gzipped tar file of some files, with one time for all and no owner."""
    packed = BytesIO()
    seconds = int(date.timestamp())
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=seconds) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name in names:
            content = (folder / name).read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = len(content), seconds, 0o644
            tar.addfile(entry, BytesIO(content))
    return packed.getvalue()
