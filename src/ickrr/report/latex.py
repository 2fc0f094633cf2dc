r"""Build the paper: sources, figures and generated LaTeX in one folder, given to latexmk.

Equal inputs give an equal PDF, byte for byte: the build starts from an empty folder, file names in it are
relative, and the only clock is the recorded date of the run (\RunDate in latex/provenance.tex, midnight UTC).
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ickrr.errors import IckrrError
from ickrr.io.files import atomic_path, files_below
from ickrr.io.texts import read_text
from ickrr.report.latex_log import (
    FILE_MARKS,
    INSTALL_TEX,
    UNBROKEN_LINES,
    count_pages,
    find_bibtex_errors,
    find_error,
    find_problems,
)
from ickrr.surroundings import cleaned

MAIN = "main.tex"
LOADED_SUFFIXES = {".bib", ".sty", ".cls", ".bst"}  # LaTeX finds these itself, by name
GENERATED = ("figures", "latex")  # folders of the build whose files the pipeline makes
PROVENANCE = "provenance.tex"  # defines the date of the run
PROGRAMS = ("latexmk", "pdflatex", "bibtex")
TIME_LIMIT = 600  # [s]; a build takes a few
MARKER = ".ickrr-paper-build"
SHOWN_PROBLEMS = 20

_COMMENT = re.compile(r"(?<!\\)%.*")
_NAMED = re.compile(
    r"\\(?P<command>includegraphics|input|include|bibliography)\s*(?:\[[^\]]*\])?\s*\{(?P<names>[^}]*)\}"
)
_GENERATED = tuple(f"{folder}/" for folder in GENERATED)
_ENDINGS = {"includegraphics": ".pdf", "input": ".tex", "include": ".tex", "bibliography": ".bib"}
_RUN_DATE = re.compile(r"\\newcommand\*?\{?\\RunDate\}?\{(?P<date>\d{4}-\d\d-\d\d)\b")


class LatexError(IckrrError):
    """The paper cannot be built, or its PDF would show a defect."""


@dataclass(frozen=True)
class Reference:
    """A file that a LaTeX source names: that source, the line, and the file's path in the build folder."""

    source: str
    line: int
    path: str


def sources(source: Path) -> list[Path]:
    """Return the files below a folder that the paper is made of, sorted, whether or not they all exist.

    These are main.tex, what it includes in turn, and the bibliographies, packages, classes and styles of the
    folder. A draft that nothing includes does not count, nor does what an editor has left.

    Raises:
        FileError: a source cannot be read, or is not text that TeX can read.
    """
    named = [reference.path for name in _texts(source) for reference in _references(source, name)]
    own = [source / name for name in (MAIN, *named) if not name.startswith(_GENERATED)]
    return sorted({*own, *files_below(source, LOADED_SUFFIXES)})


def references(source: Path) -> list[Reference]:
    """Return the files that main.tex and what it includes name, with the missing ending added.

    Raises:
        LatexError: there is no main.tex.
        FileError: a source or a bibliography cannot be read, or is not text that TeX can read.
    """
    if not (source / MAIN).is_file():
        raise LatexError(f"{source}: has no {MAIN}; --source must name the folder of the paper")
    found = [reference for name in _texts(source) for reference in _references(source, name)]
    for path in {source / reference.path for reference in found if reference.path.endswith(".bib")}:
        if path.exists():
            read_text(path, plain=True)
    return found


def _texts(source: Path) -> list[str]:
    """Return the names of main.tex and of all sources that it includes in turn, in the order of inclusion."""
    texts = [MAIN]
    for name in texts:  # the list grows meanwhile
        if (source / name).is_file():
            named = [reference.path for reference in _references(source, name)]
            texts += [
                path
                for path in dict.fromkeys(named)
                if path.endswith(".tex") and not path.startswith(_GENERATED) and path not in texts
            ]
    return texts


def _references(source: Path, name: str) -> list[Reference]:
    path = source / name
    if not path.exists():
        return []  # `gather` reports the source that names it
    text = read_text(path, plain=True)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        for match in _NAMED.finditer(_COMMENT.sub("", line)):
            for target in map(str.strip, match["names"].split(",")):
                file = target if Path(target).suffix else target + _ENDINGS[match["command"]]
                found.append(Reference(name, number, file))
    return found


def run_date(provenance: Path) -> datetime:
    r"""Return the date of the run, midnight UTC, from the generated provenance macros.

    Raises:
        LatexError: the file is missing or does not define \RunDate as YYYY-MM-DD.
    """
    if not provenance.is_file():
        raise LatexError(f"{provenance}: no such file; run snakemake to make it")
    found = _RUN_DATE.search(provenance.read_text(encoding="utf-8"))
    if found is None:
        raise LatexError(
            f"{provenance}: \\RunDate is not defined as YYYY-MM-DD, and the PDF is dated by it; "
            "delete the file and run snakemake again"
        )
    try:
        return datetime.strptime(found["date"], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise LatexError(
            f"{provenance}: \\RunDate is {found['date']}, which is not a date; "
            "delete the file and run snakemake again"
        ) from error


def gather(source: Path, generated: Iterable[Path], build: Path) -> None:
    """Copy the sources and the generated files that they name into an empty build folder.

    Args:
        source: folder of the sources.
        generated: all figures and generated LaTeX; the sources call them by folder and name, ``figures/..``
            and ``latex/..``.
        build: folder that is emptied and filled.

    Raises:
        LatexError: a named file does not exist, or `build` holds something that is not an earlier build.
    """
    made = {f"{path.parent.name}/{path.name}": path for path in generated}
    wanted: dict[str, Path] = {}
    missing = []
    for reference in references(source):
        own = not reference.path.startswith(_GENERATED)
        origin = source / reference.path if own else made.get(reference.path)
        if origin is not None and origin.is_file():
            wanted[reference.path] = origin
            continue
        advice = "correct the name or add the file" if own else "correct the name or run snakemake"
        where = f"{reference.source}:{reference.line}"
        missing.append(f"{where}: {origin or reference.path} does not exist; {advice}")
    if missing:
        raise LatexError("\n".join(missing))
    _empty(build)
    for path in sources(source):
        wanted[path.relative_to(source).as_posix()] = path
    for name, origin in wanted.items():
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin, build / name)


def compile_pdf(build: Path, date: datetime) -> int:
    """Run latexmk on main.tex in a build folder, check its log, and return the number of pages.

    Args:
        build: folder with main.tex and all that it includes.
        date: the date that the PDF carries.

    Raises:
        LatexError: TeX is not installed, LaTeX stops, or the log shows a defect (`find_problems`).
    """
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        raise LatexError(f"{', '.join(absent)} not found on PATH; {INSTALL_TEX}")
    command = [
        "latexmk",
        "-norc",
        "-pdf",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-file-line-error",
        "-latexoption=-no-shell-escape",
        f"-pretex={FILE_MARKS}",
        "-usepretex",
        MAIN,
    ]
    # No variable and no folder of the user may change the paper, so TeX's home is the build folder.
    environment = cleaned(os.environ, home=Path()) | UNBROKEN_LINES
    environment |= {"SOURCE_DATE_EPOCH": str(int(date.timestamp())), "FORCE_SOURCE_DATE": "1", "TZ": "UTC"}
    log_path = build / "main.log"
    try:
        done = subprocess.run(
            command,
            cwd=build,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIME_LIMIT,
        )
    except subprocess.TimeoutExpired as error:
        raise LatexError(f"{log_path}: latexmk did not finish within {TIME_LIMIT} s; see the log") from error
    log = _read(log_path)
    if done.returncode != 0:
        faults = [find_error(log) or "", *find_bibtex_errors(_read(build / "main.blg"))]
        text = "\n".join(str(fault) for fault in faults if fault)
        raise LatexError(f"{text or (done.stdout + done.stderr)[-1500:]}\nfull log: {log_path}")
    problems = find_problems(log)
    if problems:
        shown = [str(problem) for problem in problems[:SHOWN_PROBLEMS]]
        more = len(problems) - len(shown)
        rest = [f"and {more} more"] if more else []
        raise LatexError("\n".join([*shown, *rest, f"full log: {log_path}"]))
    return count_pages(log)


def build_paper(source: Path, generated: Sequence[Path], output: Path, build: Path) -> int:
    """Build the PDF of the paper and return its number of pages.

    Args:
        source: folder with main.tex, its sections and refs.bib.
        generated: the figures (PDF), the tables and the macros; among them ``provenance.tex``.
        output: the PDF; written only if the build shows no defect.
        build: working folder; emptied first, kept afterwards for its log.

    Raises:
        LatexError: see `gather`, `run_date` and `compile_pdf`.
    """
    gather(source, generated, build)
    provenance = next((path for path in generated if path.name == PROVENANCE), Path(PROVENANCE))
    pages = compile_pdf(build, run_date(provenance))
    with atomic_path(output) as temporary:
        shutil.copyfile((build / MAIN).with_suffix(".pdf"), temporary)
    return pages


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""


def _empty(build: Path) -> None:
    if build.exists() and (not build.is_dir() or (any(build.iterdir()) and not (build / MARKER).exists())):
        raise LatexError(
            f"{build}: is not an earlier build of the paper and would be emptied; "
            "give another --build-directory"
        )
    if build.exists():
        shutil.rmtree(build)
    build.mkdir(parents=True)
    (build / MARKER).write_text("Everything here is copied or generated, and removed by the next build.\n")
