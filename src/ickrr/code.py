"""Which code a job runs, by its meaning: import closures, and digests of their syntax trees.

Comments, docstrings, formatting and dates do not count. A rule hands the digest of its step to the job as a
parameter, so that an edit reruns exactly what it concerns; the job computes it again before it imports anything
and when it ends, so that a file edited in between leaves no result.
"""

import ast
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

from ickrr.errors import IckrrError

PACKAGE: Final = "ickrr"
PACKAGE_ROOT: Final = Path(__file__).resolve().parent
ROOT: Final = PACKAGE_ROOT.parents[1]
DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
LENGTH: Final = 16  # hexadecimal digits of a digest that is handed on
SHOWN: Final = 3  # files that a message names

Starts = Iterable[str]
"""Where closures begin: dotted modules (``ickrr.commands.train``), or files below the project's root."""


class CodeError(IckrrError):
    """The code of a job is not the code that it was planned with, or not the code that its rule tracks."""


@dataclass(frozen=True)
class Source:
    """What counts of one source file.

    Attributes:
        digest: of its syntax tree; of its bytes where it is no Python.
        imports: modules of this package that it imports, wherever the import stands.
        data: files beside it that it names in a string.
    """

    digest: str
    imports: tuple[str, ...]
    data: tuple[Path, ...]


def import_closure(*starts: str) -> list[Path]:
    """List the files that modules, scripts or notebooks consist of, directly or through imports.

    Imports are read from the syntax tree, wherever they stand (also inside functions), so that nothing is
    executed. Modules that are imported by a computed name are not seen: give them as further starts.

    Args:
        starts: see `Starts`. Files that are no Python count as they are.

    Returns:
        Sorted paths: modules with the packages around them, notebooks, and data files that a module names.

    Raises:
        CodeError: a start does not exist.
    """
    pending = [_place(start) for start in starts]
    seen: set[Path] = set()
    while pending:
        path = pending.pop()
        if path in seen:
            continue
        seen.add(path)
        source = read_source(path)
        pending += source.data
        pending += [found for name in source.imports for found in _module_files(name)]
        if path.is_relative_to(PACKAGE_ROOT):
            packages = (
                folder / "__init__.py" for folder in path.parents if folder.is_relative_to(PACKAGE_ROOT)
            )
            pending += [package for package in packages if package.is_file()]
    return sorted(seen)


def code_digest(*starts: str) -> str:
    """Digest the meaning of everything that some starts consist of; where the project lies does not count."""
    return combined_digest({path: read_source(path).digest for path in import_closure(*starts)})


def combined_digest(digests: dict[Path, str]) -> str:
    """Digest the digests of files, with their names below the project's root."""
    lines = [f"{path.relative_to(ROOT).as_posix()} {digest}\n" for path, digest in sorted(digests.items())]
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:LENGTH]


@cache
def read_source(path: Path) -> Source:
    """Read what counts of one file; remembered for the life of the process.

    Raises:
        CodeError: the file cannot be read, or is not valid Python.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CodeError(f"{path}: cannot be read ({error.strerror}); restore it from git") from error
    if path.suffix not in (".py", ".ipynb"):
        return Source(hashlib.sha256(content).hexdigest(), (), ())
    try:
        tree = ast.parse(_python(path, content))
    except (SyntaxError, ValueError, KeyError) as error:
        raise CodeError(f"{path}: is not valid Python ({error}); correct it") from error
    return Source(tree_digest(tree), tuple(_imports(tree)), tuple(_data_files(tree, path)))


def tree_digest(tree: ast.AST) -> str:
    """Digest a syntax tree without positions, docstrings and empty fields, so that versions of Python agree."""
    return hashlib.sha256("\0".join(_words(tree)).encode()).hexdigest()


class Sources:
    """The source files of a running job, as they were when it started.

    Args:
        starts: what the job runs; see `Starts`.
    """

    def __init__(self, *starts: str) -> None:
        self.starts = starts
        self._files = {path: _identity(path) for path in import_closure(*starts)}
        # Looked at before they are read, so that an edit in between is noticed later.
        self._digests = {path: read_source(path).digest for path in self._files}

    @property
    def digest(self) -> str:
        """Digest of all of them."""
        return combined_digest(self._digests)

    def require(self, planned: str, job: str) -> None:
        """Make sure that they are what the job was planned with.

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
        """Make sure that no file has changed in meaning since the job started.

        Raises:
            CodeError: one has, or is gone.
        """
        touched = [path for path, identity in self._files.items() if _identity(path) != identity]
        changed = []
        for path in touched:
            try:
                found = read_source.__wrapped__(path)
            except CodeError:
                found = None
            if found is None or found.digest != self._digests[path]:
                changed.append(_name(path))
        if changed:
            raise CodeError(
                f"{job}: {', '.join(changed[:SHOWN])} was edited while it ran, so its result would be of no "
                "version of the code and is not kept; run snakemake again"
            )

    def require_complete(self, frame: str, job: str) -> None:
        """Make sure that no module of this package was imported that the digest does not cover.

        Args:
            frame: the module that runs jobs, which with its own closure counts for no result.
            job: name of the job, for the message.

        Raises:
            CodeError: one was; its rule has to name it among the modules that it chooses.
        """
        known = {*self._files, *import_closure(frame)}
        loaded = {
            name: Path(str(module.__file__)).resolve()
            for name, module in list(sys.modules.items())
            if name.split(".")[0] == PACKAGE and getattr(module, "__file__", None)
        }
        stray = sorted(name for name, path in loaded.items() if path not in known)
        if stray:
            raise CodeError(
                f"{job}: imported {', '.join(stray[:SHOWN])}, which its rule does not track, so an edit there "
                "would leave a stale result; name the module in the rule (`code=` of its params)"
            )


def _identity(path: Path) -> tuple[int, int, int] | None:
    """Date, size and place on the disk of a file, None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _place(start: str) -> Path:
    """The file of a start."""
    if start.split(".")[0] == PACKAGE and "/" not in start:
        path = _module_path(start)
        if path is None:
            raise CodeError(f"{start}: there is no such module in {PACKAGE_ROOT}")
        return path
    return ROOT / start


def _python(path: Path, content: bytes) -> str | bytes:
    """Python of a file: its content, or the code cells of a notebook."""
    if path.suffix == ".py":
        return content
    cells = json.loads(content)["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def _module_files(module: str) -> Iterator[Path]:
    """The file of a module, none where the name is that of an object in one."""
    path = _module_path(module)
    if path is not None:
        yield path


@cache
def _module_path(module: str) -> Path | None:
    base = PACKAGE_ROOT.joinpath(*module.split(".")[1:])
    for candidate in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name == PACKAGE or name.startswith(f"{PACKAGE}."))


def _data_files(tree: ast.AST, path: Path) -> Iterator[Path]:
    """Files beside a module that are no Python and that it names in a string."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_file_name(node.value):
            beside = path.with_name(node.value)
            if beside.suffix != ".py" and beside.is_file():
                yield beside


def _is_file_name(text: str) -> bool:
    return 2 < len(text) < 100 and "." in text[1:-1] and os.sep not in text and text.isprintable()


def _words(node: ast.AST) -> Iterator[str]:
    """Spell a tree: kinds of nodes, names of fields that are not empty, and constants."""
    yield type(node).__name__
    if isinstance(node, ast.Constant):
        yield f"{type(node.value).__name__} {node.value!r}"
        return
    for field in node._fields:
        value = getattr(node, field, None)
        if field == "body" and isinstance(node, DOCUMENTED):
            value = _without_docstring(value)
        elif isinstance(node, ast.JoinedStr):
            value = _joined(value)
        if value is None or value == [] or field == "type_comment":
            continue
        yield f".{field}"
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, ast.AST):
                yield from _words(item)
            else:
                yield repr(item)
    yield "end"


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    documented = (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )
    return body[1:] if documented else body


def _joined(parts: list[ast.expr]) -> list[ast.expr]:
    """Parts of an f-string with neighbouring texts made one: versions of Python split them differently."""
    joined: list[ast.expr] = []
    for part in parts:
        last = joined[-1] if joined else None
        if isinstance(part, ast.Constant) and isinstance(last, ast.Constant):
            joined[-1] = ast.Constant(f"{last.value}{part.value}")
        elif not (isinstance(part, ast.Constant) and part.value == ""):
            joined.append(part)
    return joined
