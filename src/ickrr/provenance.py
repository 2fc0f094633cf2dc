"""Which code made a result: import closures, their hash, and the record kept beside each result."""

import ast
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGE = "ickrr"
PACKAGE_ROOT = Path(__file__).resolve().parent
RECORDED_PACKAGES = (
    "torch",
    "numpy",
    "scipy",
    "pandas",
    "pyarrow",
    "safetensors",
    "snakemake",
    "matplotlib",
    "seaborn",
)


def import_closure(start: str | Path) -> list[Path]:
    """List the package's files that a module, script or notebook imports, directly or through others.

    Imports are read from the syntax tree, wherever they stand (also inside functions), so that
    nothing is executed.
    The entry point `ickrr.__main__`, which only picks a verb, is never part of a closure.

    Args:
        start: dotted module name (``ickrr.commands.train``), or the path of a .py or .ipynb file. A
            module is part of its own closure, a script or notebook is not.

    Returns:
        Sorted paths.
    """
    if isinstance(start, str) and not start.endswith((".py", ".ipynb")):
        pending = [start]
    else:
        pending = list(_imports_of_source(_source(Path(start))))
    seen: set[str] = set()
    while pending:
        module = pending.pop()
        path = _module_path(module)
        if module in seen or path is None:
            continue
        seen.add(module)
        parents = module.split(".")[:-1]
        pending += [".".join(parents[: i + 1]) for i in range(len(parents))]
        pending += _imports_of_module(module)
    paths = (_module_path(module) for module in seen)
    return sorted(path for path in paths if path is not None)


def code_hash(paths: Iterable[Path]) -> str:
    """Hash the content of source files, with their names relative to the package."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        name = os.path.relpath(path, PACKAGE_ROOT)
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def commit() -> str:
    """Return the source tree's git commit, ``-dirty`` if it differs, ``unknown`` outside git."""
    root = PACKAGE_ROOT.parent.parent

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout.strip()

    try:
        head = git("rev-parse", "--short=12", "HEAD")
        return f"{head}-dirty" if git("status", "--porcelain", "--untracked-files=no") else head
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    found = {"python": platform.python_version()}
    for package in RECORDED_PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def record(verb: str, **facts: Any) -> dict[str, Any]:
    """Build the provenance record of a result (run.json).

    Args:
        verb: the verb that made it; its closure is hashed.
        facts: what else is known: settings, seed, device, threads, start, end.
    """
    closure = import_closure(f"{PACKAGE}.commands.{verb}")
    return {
        "verb": verb,
        "code": code_hash(closure),
        "commit": commit(),
        "versions": versions(),
        "machine": platform.machine(),
        **facts,
    }


def _source(path: Path) -> str:
    if path.suffix != ".ipynb":
        return path.read_text(encoding="utf-8")
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


@cache
def _imports_of_module(module: str) -> tuple[str, ...]:
    path = _module_path(module)
    return () if path is None else _imports_of_source(path.read_text(encoding="utf-8"))


def _imports_of_source(source: str) -> tuple[str, ...]:
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return tuple(name for name in found if name == PACKAGE or name.startswith(f"{PACKAGE}."))


def _module_path(module: str) -> Path | None:
    base = PACKAGE_ROOT.joinpath(*module.split(".")[1:])
    for candidate in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
