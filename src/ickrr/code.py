"""Find the code that a job runs, and compute a digest of its meaning (import closures, syntax trees).

Comments, docstrings (of constants too), formatting and dates do not count. A rule hands the digest of its
step to the job as a parameter, so that an edit reruns exactly what it concerns. The job computes the digest
again before it imports its modules and when it ends, so that a file that was edited in between leaves no
result.
"""

import ast
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from ickrr.errors import IckrrError
from ickrr.io.files import identity

PACKAGE: Final = "ickrr"
PACKAGE_ROOT: Final = Path(__file__).resolve().parent
ROOT: Final = PACKAGE_ROOT.parents[1]
LENGTH: Final = 16  # hexadecimal digits of a digest in a parameter or a record
FILE_NAME: Final = re.compile(r"[A-Za-z]\w*\.[a-z]\w*")
SHOWN: Final = 3  # largest number of files that a message names

_READ: Final[dict[Path, str]] = {}  # digests of the files that this process has read, as they were then

Starts = Iterable[str]
"""Where closures begin: dotted modules (``ickrr.steps.train_model``), or files below the project's root."""


class CodeError(IckrrError):
    """The code of a job is not the code that it was planned with, or not the code that its rule tracks."""


@dataclass(frozen=True)
class Source:
    """The meaning of one source file.

    Attributes:
        digest: of its syntax tree, or of its bytes if it is not Python.
        needs: the files that it depends on: modules of this package that it imports (wherever the import
            stands), the packages around it, and files beside it that it names in a string.
    """

    digest: str
    needs: tuple[Path, ...]


def import_closure(*starts: str) -> list[Path]:
    """Return the files that modules, scripts or notebooks depend on, directly or through imports.

    Imports are read from the syntax tree, wherever they stand (also inside functions), so that nothing is
    executed. A module that is imported by a computed name is not seen: give it as a further start.

    Args:
        starts: see `Starts`. Files that are not Python count as they are.

    Returns:
        Sorted paths: modules with the packages around them, notebooks, and data files that a module names.

    Raises:
        CodeError: a start does not exist, or a file cannot be read.
    """
    return sorted(set().union(*(_closure(_place(start)) for start in starts)))


@cache
def code_digest(*starts: str) -> str:
    """Return a digest of the meaning of everything that some starts depend on, wherever the project is."""
    return combined_digest({path: read_source(path).digest for path in import_closure(*starts)})


def combined_digest(digests: dict[Path, str]) -> str:
    """Return one digest of the digests of files, with their names below the project's root."""
    lines = [f"{_name(path)} {digest}\n" for path, digest in sorted(digests.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:LENGTH]


@cache
def _closure(start: Path) -> frozenset[Path]:
    pending, seen = [start], {start}
    while pending:
        needed = set(read_source(pending.pop()).needs) - seen
        seen |= needed
        pending += needed
    return frozenset(seen)


@cache
def read_source(path: Path) -> Source:
    """Return the meaning of one file; it is read once in the life of the process.

    Raises:
        CodeError: the file cannot be read, or is not valid Python.
    """
    source = source_now(path)
    _READ[path] = source.digest
    return source


def edited_sources() -> list[str]:
    """Return the names of the files that are gone or mean something else than when this process read them."""
    return [_name(path) for path, digest in sorted(_READ.items()) if _differs(path, digest)]


def source_now(path: Path) -> Source:
    """Return the meaning of one file as it is now.

    Raises:
        CodeError: the file cannot be read, or is not valid Python.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CodeError(f"{path}: cannot be read ({error.strerror}); restore it from git") from error
    if path.suffix not in (".py", ".ipynb"):
        return Source(hashlib.sha256(content).hexdigest(), ())
    try:
        tree = ast.parse(_python(path, content))
    except (SyntaxError, ValueError, KeyError, TypeError) as error:
        raise CodeError(f"{path}: is not valid Python ({error}); correct it") from error
    spelled = _Spelling()
    spelled.add(tree)
    needs = {_module_path(name) for name in spelled.imports}
    needs |= {_data_file(path.with_name(name)) for name in spelled.texts if FILE_NAME.fullmatch(name)}
    if PACKAGE_ROOT in path.parents:
        # A module needs its package, and a package's own file needs the package around it.
        inner = path.parent if path.name != "__init__.py" else path.parent.parent
        needs |= {_package_of(inner)} if inner != PACKAGE_ROOT.parent else set()
    return Source(spelled.digest(), tuple(sorted(need for need in needs - {path} if need is not None)))


def tree_digest(tree: ast.AST) -> str:
    """Return a digest of a syntax tree without positions, docstrings and empty fields.

    All supported versions of Python agree on it.
    """
    spelled = _Spelling()
    spelled.add(tree)
    return spelled.digest()


class Sources:
    """The source files of a running job, as they were when it started.

    Args:
        starts: what the job runs; see `Starts`.
    """

    def __init__(self, *starts: str) -> None:
        self.starts = starts
        self._files = {path: identity(path) for path in import_closure(*starts)}
        # Looked at before they are read, so that an edit in between is noticed later.
        self._digests = {path: read_source(path).digest for path in self._files}

    @property
    def digest(self) -> str:
        """Return one digest of all of them."""
        return combined_digest(self._digests)

    def require(self, planned: str, job: str) -> None:
        """Check that the sources are those that the job was planned with.

        Args:
            planned: the digest that its rule handed over.
            job: name of the job, for the message.

        Raises:
            CodeError: they were edited after Snakemake had read them.
        """
        if self.digest != planned:
            dates = {path: path.stat().st_mtime for path in self._files}
            newest = sorted(dates, key=lambda path: -dates[path])[:SHOWN]
            named = ", ".join(
                f"{_name(path)} ({datetime.fromtimestamp(dates[path]):%H:%M:%S})" for path in newest
            )
            raise CodeError(
                f"{job}: its code was edited after this run had been planned (most recently: {named}); "
                "run snakemake again"
            )

    def require_unchanged(self, job: str) -> None:
        """Check that no file has changed in meaning since the job started.

        Raises:
            CodeError: a file has changed, or is gone.
        """
        touched = [path for path, found in self._files.items() if identity(path) != found]
        changed = [_name(path) for path in touched if _differs(path, self._digests[path])]
        if changed:
            raise CodeError(
                f"{job}: {', '.join(changed[:SHOWN])} was edited while it ran, so its result would be of no "
                "version of the code and is not kept; when this run has ended, run snakemake again"
            )

    def require_complete(self, frame: str, job: str) -> None:
        """Check that the digest covers every module of this package that was imported.

        Args:
            frame: the module that runs jobs; it and what it imports count for no result.
            job: name of the job, for the message.

        Raises:
            CodeError: it does not; the rule has to name the module among those that it chooses.
        """
        frame_files = import_closure(frame)
        loaded = {name: path for name, path in loaded_modules().items() if path not in frame_files}
        self.require_known(loaded, job)

    def require_known(self, modules: Mapping[str, Path], job: str) -> None:
        """Check that the digest covers some modules of this package.

        Args:
            modules: files by dotted names, as they were imported; a file of another folder is not covered.
            job: name of the job, for the message.

        Raises:
            CodeError: it does not cover one of them.
        """
        stray = sorted(f"{name} ({_name(path)})" for name, path in modules.items() if path not in self._files)
        if stray:
            raise CodeError(
                f"{job}: imported {', '.join(stray[:SHOWN])}, which its rule does not track, so an edit "
                "there would leave a stale result; name the module among those that the rule chooses"
            )


def loaded_modules() -> dict[str, Path]:
    """Return the files of the modules of this package that this process has imported, by name."""
    ours = {name: module.__file__ for name, module in sys.modules.items() if name.split(".")[0] == PACKAGE}
    return {name: Path(file).resolve() for name, file in ours.items() if file}


def _differs(path: Path, digest: str) -> bool:
    """Say whether a file has another digest now, or is gone."""
    try:
        return source_now(path).digest != digest
    except CodeError:
        return True


def _name(path: Path) -> str:
    return os.path.relpath(path, ROOT)


def _place(start: str) -> Path:
    """Return the file that a start names."""
    if start.split(".")[0] == PACKAGE and "/" not in start:
        path = _module_path(start)
        if path is None:
            raise CodeError(f"{start}: there is no such module in {PACKAGE_ROOT}")
        return path
    return ROOT / start


def _python(path: Path, content: bytes) -> str | bytes:
    """Return the Python of a file: its content, or the code cells of a notebook."""
    if path.suffix == ".py":
        return content
    cells = json.loads(content.decode("utf-8"))["cells"]  # papermill reads no other form
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@cache
def _module_path(module: str) -> Path | None:
    """Return the file of a module, or None if the name is that of an object in a module."""
    base = PACKAGE_ROOT.joinpath(*module.split(".")[1:])
    for candidate in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _package_of(folder: Path) -> Path | None:
    found = folder / "__init__.py"
    return found if found.is_file() else None


def _data_file(path: Path) -> Path | None:
    """Return the path if there is such a file and it is not Python, otherwise None."""
    return path if path.suffix != ".py" and path.is_file() else None


class _Spelling:
    """A syntax tree as a list of words: kinds of nodes, names of fields that are not empty, and constants.

    Attributes:
        imports: names of this package that it imports.
        texts: its strings, docstrings left out.
    """

    def __init__(self) -> None:
        self._words: list[str] = []
        self.imports: set[str] = set()
        self.texts: set[str] = set()

    def digest(self) -> str:
        """Return a digest of all that was added."""
        return hashlib.sha256("\0".join(self._words).encode()).hexdigest()

    def add(self, node: ast.AST) -> None:
        """Add the words of a node and of all nodes below it."""
        kind = type(node)
        value: Any
        self._words.append(kind.__name__)
        if kind is ast.Constant:
            value = node.value  # type: ignore[attr-defined]  # a constant has one
            self._words.append(f"{type(value).__name__} {value!r}")
            if isinstance(value, str):
                self.texts.add(value)
            return
        if kind is ast.Import or kind is ast.ImportFrom:
            self.imports.update(_imported(node))
        for field in node._fields:
            value = getattr(node, field, None)
            if kind is ast.JoinedStr:
                value = _joined(value)
            elif isinstance(value, list):
                value = [item for item in value if not _is_docstring(item)]
            if value is None or value == [] or field == "type_comment":
                continue
            self._words.append(f".{field}")
            for item in value if isinstance(value, list) else (value,):
                if isinstance(item, ast.AST):
                    self.add(item)
                else:
                    self._words.append(repr(item))
        self._words.append("end")


def _imported(node: ast.AST) -> list[str]:
    """Return the modules of this package that a statement may import; some may be objects in modules."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        names = []
    return [name for name in names if name == PACKAGE or name.startswith(f"{PACKAGE}.")]


def _is_docstring(item: Any) -> bool:
    """Return whether an item is a statement that is only a text: of a module, class, function or constant."""
    return (
        isinstance(item, ast.Expr)
        and isinstance(item.value, ast.Constant)
        and isinstance(item.value.value, str)
    )


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Return the parts of an f-string with neighbouring texts joined; versions of Python differ in this."""
    joined: list[ast.expr] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, ast.Constant) and isinstance(last, ast.Constant):
            joined[-1] = ast.Constant(str(last.value) + str(part.value))
        elif not (isinstance(part, ast.Constant) and part.value == ""):
            joined.append(part)
    return joined
