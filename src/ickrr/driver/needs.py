"""Check before the first job starts that this machine has what the planned jobs need.

Only what is planned counts: a figure needs no TeX. Each fault is a sentence that says what to do.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.driver.plan import Job, bytes_of
from ickrr.errors import FileError, IckrrError
from ickrr.io.texts import read_text
from ickrr.report.latex import GENERATED, PROGRAMS, LatexError, references, sources
from ickrr.report.latex_log import INSTALL_TEX
from ickrr.report.numbers.made import Recogniser, Unmade, named
from ickrr.resources.disk import FILES
from ickrr.surroundings import cleaned

KERNEL: Final = ("papermill", "nbclient", "ipykernel", "matplotlib", "seaborn")
COMMENT: Final = re.compile(r"(?<!\\)%.*")
OPTIONAL: Final = re.compile(r"\\IfFileExists\s*\{([^}]*)\}")
PACKAGE: Final = re.compile(
    r"\\(?P<kind>usepackage|RequirePackage|documentclass|LoadClass|bibliographystyle)"
    r"\s*(?:\[[^\]]*\])?\s*\{(?P<names>[^}]*)\}"
)
SOURCES: Final = (".tex", ".sty", ".cls")
MACRO: Final = re.compile(r"\\([A-Z][A-Za-z]*)")
DEFINED: Final = re.compile(r"\\(?:(?:re)?new|provide|Declare|def|let)\w*\*?\s*\{?\\([A-Za-z]+)")
ENDINGS: Final = {"documentclass": ".cls", "LoadClass": ".cls", "bibliographystyle": ".bst"}


class NeedsError(IckrrError):
    """A planned job would fail because something is missing."""


def require(
    jobs: Sequence[Job],
    experiment: Experiment,
    claims: Collection[str],
    paper: Path,
    results: Path,
    here: bool,
) -> None:
    """Make sure that jobs which are about to start find what they need.

    Args:
        jobs: the planned jobs.
        experiment: the experiment that they belong to.
        claims: names of the claims that are judged.
        paper: folder of the paper's sources.
        results: folder of the results.
        here: whether the jobs run on this machine, with this Python. What other machines have is not known,
            so if this is false a fault is only a warning.

    Raises:
        NeedsError: something is missing.
    """
    faults = list(missing(jobs, experiment, claims, paper, results))
    if faults and here:
        raise NeedsError("\n  ".join(["planned jobs would fail, so none was started", *faults]))
    for fault in faults:
        print(f"warning: on this machine, {fault}", file=sys.stderr)


def missing(
    jobs: Sequence[Job], experiment: Experiment, claims: Collection[str], paper: Path, results: Path
) -> Iterator[str]:
    """Yield one line for each thing that some jobs need and that is missing."""
    rules = {job.rule for job in jobs}
    trained = {job.wildcards["run"] for job in jobs if job.rule == "train_model"}
    compiled = sorted(run for run in trained if experiment.run(run).training.compile)
    if rules & {"build_paper", "pack_arxiv"}:
        faults = (*tex(paper), *unmade(paper, experiment), *unmade_numbers(paper, experiment, claims))
        yield from (f"the paper: {fault}" for fault in faults)
    if "draw_figure" in rules:
        yield from (f"figures: {fault}" for fault in kernel())
    if compiled:
        yield from (f"runs.{compiled[0]}.training.compile is true: {fault}" for fault in compiler())
    yield from (f"disk: {fault}" for fault in space(results, bytes_of(experiment, jobs), FILES * len(jobs)))


def tex(paper: Path) -> Iterator[str]:
    """Yield what is missing of the programs that typeset the paper, and of the LaTeX files that it names."""
    absent = [program for program in PROGRAMS if shutil.which(program) is None]
    if absent:
        yield f"{', '.join(absent)} not found on PATH; {INSTALL_TEX}"
        return
    named = latex_files(paper)
    if named and shutil.which("kpsewhich"):
        told = subprocess.run(
            ["kpsewhich", *named],
            env=cleaned(os.environ, Path(os.devnull)),  # the environment of the job that typesets it
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        found = {Path(line).name for line in told.splitlines()}
        if absent := [name for name in named if name not in found]:
            yield f"LaTeX has no {', '.join(absent)}, which {paper} uses; {INSTALL_TEX}"


def latex_files(paper: Path) -> list[str]:
    """List the packages, classes and styles that the paper needs and does not bring."""
    files = [path for path in sources(paper) if path.suffix in SOURCES and path.is_file()]
    texts = [COMMENT.sub("", path.read_text(encoding="utf-8", errors="replace")) for path in files]
    named = {
        name.strip() + ENDINGS.get(match["kind"], ".sty")
        for text in texts
        for match in PACKAGE.finditer(text)
        for name in match["names"].split(",")
        if name.strip()
    }
    optional = {name for text in texts for name in OPTIONAL.findall(text)}
    return sorted(name for name in named - optional if not (paper / name).is_file())


def unmade(paper: Path, experiment: Experiment) -> Iterator[str]:
    """Yield the figures, tables and files that the paper's text names and nothing makes."""
    made = {f"figures/{name}.pdf" for name in experiment.figures}
    made |= {f"latex/{name}.tex" for name in (*experiment.tables, "numbers", "provenance")}
    try:
        named = references(paper)
    except (LatexError, FileError) as error:
        yield str(error)
        return
    for reference in named:
        where = f"{paper / reference.source}:{reference.line}: names {reference.path}, which"
        if reference.path.startswith(tuple(f"{folder}/" for folder in GENERATED)):
            if reference.path not in made:
                yield f"{where} the configuration does not make; add it there, or take it out of the text"
        elif not (paper / reference.path).is_file():
            yield f"{where} does not exist; correct the name or add the file"


def unmade_numbers(paper: Path, experiment: Experiment, claims: Collection[str]) -> Iterator[str]:
    """Yield the numbers that the paper's text uses and the configuration lacks, a line for each lack."""
    texts = {path: read_text(path) for path in sources(paper) if path.suffix in SOURCES and path.is_file()}
    own = {name for text in texts.values() for name in DEFINED.findall(text)}
    recogniser = Recogniser(named(experiment, claims))
    lacks: dict[Unmade, dict[str, str]] = {}
    for path, text in texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            for macro in MACRO.findall(COMMENT.sub("", line)):
                if macro not in own and (lack := recogniser.unmade(macro)):
                    lacks.setdefault(lack, {}).setdefault(macro, f"{path}:{number}")
    for lack, used in lacks.items():
        (macro, where), *others = used.items()
        numbers = "number" if len(others) == 1 else "numbers"
        more = f" (and {len(others)} more {numbers} of {lack.name})" if others else ""
        yield (
            f"{where}: uses \\{macro}{more}, but {lack.name} is not {lack.kind}; bring it back into the "
            "configuration, or take it out of the text"
        )


def kernel() -> Iterator[str]:
    """Yield what is missing to run notebooks, looked for as jobs do: without the caller's settings."""
    program = (
        "import importlib.util, sys; print(*(n for n in sys.argv[1:] if not importlib.util.find_spec(n)))"
    )
    command = [sys.executable, "-I", "-c", program, *KERNEL]
    absent = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    if absent:
        yield f"Python ({sys.executable}) has no {', '.join(absent)} to run notebooks with; run make env"


def compiler() -> Iterator[str]:
    """Yield a fault if the compiler that torch.compile calls is missing."""
    wanted = os.environ.get("CXX", "g++")
    if shutil.which(wanted) is None:
        yield (
            f"the C++ compiler {wanted} is not found on PATH; install it (sudo apt-get install g++), "
            "or set training.compile to false"
        )


def space(results: Path, size: float, files: int) -> Iterator[str]:
    """Yield a fault if the disk has too little space, or too few files left, for what is to be written.

    Args:
        results: folder that is to be written to.
        size: [bytes] upper bound on what is to be written.
        files: upper bound on the number of files.
    """
    place = next(path for path in (results, *results.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    if free < size:
        yield (
            f"up to {_gigabytes(size)} are to be written and {_gigabytes(free)} are free at "
            f"{place.absolute()}; free some space, or work on another disk (snakemake --directory)"
        )
    left = os.statvfs(place)
    if left.f_files and left.f_favail < files:
        yield (
            f"up to {files} files are to be written and {left.f_favail} may be made at "
            f"{place.absolute()}; remove some, or work on another disk (snakemake --directory)"
        )


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
