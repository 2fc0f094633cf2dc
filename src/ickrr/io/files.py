"""Files that are never half-written, and errors that say what to do about a bad one.

Everything is written to a temporary name in the folder of the target, flushed to disk and renamed. Folders
are listed by `files_below` alone, which leaves out what editors and systems put there.
"""

import json
import os
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from ickrr.errors import FileError

if TYPE_CHECKING:
    import pandas as pd

Model = TypeVar("Model", bound=BaseModel)
Name = TypeVar("Name", str, int)


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path that replaces `path` when the block ends without an error.

    The temporary file is removed if the block raises, so nothing half-written stays behind.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        # Some writers make files that only their owner can read.
        temporary.chmod(0o666 & ~_umask())
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def identity(path: str | Path) -> tuple[int, int, int] | None:
    """Return the date [ns], size [bytes] and inode of a file; None if there is no file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def files_below(folder: Path, suffixes: Container[str]) -> list[Path]:
    """List the files below a folder that have one of some suffixes, sorted.

    It leaves out what is hidden or in a hidden folder (locks and swap files of editors, ``._x`` of macOS,
    ``.ipynb_checkpoints``), links to nothing, and what cannot be read. Copies that editors keep (``x.tex~``,
    ``#x.tex#``) have another suffix.
    """
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(place, name) for name in names if not name.startswith("."))
        found += [path for path in paths if path.suffix in suffixes and readable(path)]
    return sorted(found)


def readable(path: Path) -> bool:
    """Say whether a path is a file that can be read, neither a folder nor a link to nothing."""
    return path.is_file() and os.access(path, os.R_OK)


def paths_by_name(option: str, names: Sequence[Name], paths: Sequence[Path]) -> dict[Name, Path]:
    """Return the path of each name; an option of the command line gives one for each, in the same order.

    Args:
        option: the option, for the message.
        names: what the paths are of: seeds, solvers.
        paths: one path for each name.

    Raises:
        FileError: there are not as many paths as names.
    """
    if len(names) != len(paths):
        listed = ", ".join(map(str, names))
        raise FileError(f"{option}: names {len(paths)} files, needs one for each of {listed}, in this order")
    return dict(zip(names, paths, strict=True))


def write_text(path: str | Path, text: str) -> None:
    """Write a text file atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def to_json(value: Any) -> str:
    """Return a value as JSON in the form that all files have: sorted keys, indented, with a final newline."""
    return json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n"


def write_json(path: str | Path, value: Any) -> None:
    """Write a JSON file atomically."""
    write_text(path, to_json(value))


def read_json(path: str | Path) -> Any:
    """Read a JSON file.

    Raises:
        FileError: the file is missing or is not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror}); run snakemake to make it") from error
    except ValueError as error:
        raise FileError(f"{path}: not valid JSON ({error}); delete it and run snakemake again") from error


def read_settings(path: str | Path, model: type[Model]) -> Model:
    """Read settings that were resolved from config.yaml.

    Raises:
        FileError: the file is missing, damaged or does not fit the schema.
    """
    value = read_json(path)
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise FileError(
            f"{path}: key '{key}' is {first.get('input')!r}: {first['msg']}; "
            "it is written from config.yaml: delete it and run snakemake again"
        ) from error


def write_table(path: str | Path, table: "pd.DataFrame") -> None:
    """Write a tidy table as Parquet, without its index. Equal tables give equal bytes."""
    # The bytes of numbers stand by their place in the number: that is a third smaller.
    numbers = [str(name) for name in table.select_dtypes("float").columns]
    others = [str(name) for name in table.columns if str(name) not in numbers]
    with atomic_path(path) as temporary:
        table.to_parquet(
            temporary,
            index=False,
            compression="zstd",
            use_dictionary=others,
            column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT"),
        )


def read_table(path: str | Path) -> "pd.DataFrame":
    """Read a tidy table.

    Raises:
        FileError: the file is missing or is not a Parquet table.
    """
    import pandas as pd

    try:
        return pd.read_parquet(path)
    except FileNotFoundError as error:
        raise FileError(f"{path}: no such table; run snakemake to make it") from error
    except (OSError, ValueError) as error:
        raise FileError(
            f"{path}: not a readable Parquet table ({error}); delete it and run snakemake again"
        ) from error


def read_columns(path: str | Path, columns: Iterable[str]) -> "pd.DataFrame":
    """Read some columns of a tidy table, in this order.

    Raises:
        FileError: the table cannot be read or lacks a column.
    """
    table = read_table(path)
    wanted = list(columns)
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise FileError(
            f"{path}: has no column {missing}, only {list(table.columns)}; delete it and run snakemake again"
        )
    return table[wanted]
