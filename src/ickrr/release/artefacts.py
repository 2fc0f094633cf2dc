"""The folder of a release: everything that is published, with checksums."""

import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Final

from ickrr.bundles.packing import pack
from ickrr.code import ROOT
from ickrr.config.experiment import Experiment
from ickrr.errors import FileError
from ickrr.io.files import atomic_path, files_below, write_text
from ickrr.provenance import Records, commit, digest
from ickrr.release.metadata import metadata_files, version
from ickrr.release.model_card import model_card

SUMS: Final = "SHA256SUMS"
TIERS: Final = ("tables", "weights")
FROM_ROOT: Final = ("CHANGELOG.md", "LICENSE", *("CITATION.cff", "codemeta.json", ".zenodo.json"))
IF_THERE: Final = ("report.html",)
FOLDERS: Final = ("site", "figures")


def write_release(experiment: Experiment, results: Path, folder: Path) -> list[Path]:
    """Put all artefacts of a finished paper into a folder, and their checksums beside them.

    Args:
        experiment: what the paper is of.
        results: its folder, ``results/<scale>`` relative to the working directory.
        folder: where the artefacts go; it must be empty or not be there.

    Returns:
        The files, checksums last.

    Raises:
        FileError: the paper is not finished or was changed since, the sources differ from the commit, the
            folder is not empty, or the metadata are out of date.
        BundleError: the results do not belong together.
    """
    paper = results / "paper.pdf"
    Records(results).check([paper])
    _require_ready(folder)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"ickrr-{version()}"
    shutil.copy(paper, folder / f"{name}-paper-{experiment.scale}.pdf")
    archive = ["git", "-C", str(ROOT), "archive", f"--prefix={name}/", "--format=tar.gz"]
    subprocess.run([*archive, f"--output={(folder / name).resolve()}.tar.gz", "HEAD"], check=True)
    for tier in TIERS:
        pack(results, tier, folder / f"{experiment.scale}-{tier}.tar.xz")
    write_text(folder / "MODEL_CARD.md", model_card(experiment, results))
    for path in (*(ROOT / one for one in FROM_ROOT), *(results / one for one in IF_THERE)):
        if path.exists():
            shutil.copy(path, folder / path.name)
    for part in FOLDERS:
        if (results / part).is_dir():
            _zip(results / part, folder / f"{name}-{part}-{experiment.scale}.zip")
    written = sorted(path for path in folder.iterdir() if path.name != SUMS)
    write_text(folder / SUMS, "".join(f"{digest(path)}  {path.name}\n" for path in written))
    return [*written, folder / SUMS]


def _require_ready(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise FileError(f"{folder}: is not empty; remove it, or name another folder")
    found = commit()["commit"]
    if found.endswith("-dirty") or found == "unknown":
        raise FileError(
            f"{ROOT}: its commit is {found}, so that the archive of the sources would lack changes; "
            "commit them first"
        )
    for name, text in metadata_files().items():
        path = ROOT / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            raise FileError(f"{path}: does not say what pyproject.toml says; run make docs")


def _zip(folder: Path, target: Path) -> None:
    """Write a folder as a zip file with its own name at the top; what editors put there is left out."""
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    with atomic_path(target) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files_below(folder, suffixes):
            archive.write(path, path.relative_to(folder.parent))
