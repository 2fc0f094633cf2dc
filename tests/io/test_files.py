"""Atomic files and the messages for damaged ones."""

from pathlib import Path

import pandas as pd
import pytest

from ickrr.config.task import TaskSettings
from ickrr.errors import FileError
from ickrr.io.files import (
    atomic_path,
    read_json,
    read_settings,
    read_table,
    to_json,
    write_json,
    write_table,
)


def test_nothing_is_left_of_a_failed_write(tmp_path: Path) -> None:
    """Fails if an interrupted writer leaves a file, or spoils the one that was there."""
    target = tmp_path / "table.txt"
    target.write_text("old")

    def write_and_fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert [path.name for path in tmp_path.iterdir()] == ["table.txt"]
    assert target.read_text() == "old"


def test_json_has_one_form(tmp_path: Path) -> None:
    """Fails if the order of keys reaches the file."""
    assert to_json({"b": 1, "a": 2}) == to_json({"a": 2, "b": 1})
    write_json(tmp_path / "x.json", {"a": [1.5]})
    assert read_json(tmp_path / "x.json") == {"a": [1.5]}


@pytest.mark.parametrize("content", [None, "{", ""])
def test_damaged_json_is_named(tmp_path: Path, content: str | None) -> None:
    """Fails if a missing, truncated or empty spec ends in a traceback."""
    path = tmp_path / "x.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(FileError, match=r"x\.json.*run snakemake"):
        read_json(path)


def test_spec_that_does_not_fit_the_schema(tmp_path: Path) -> None:
    """Fails if a hand-edited spec is accepted, or its error does not name the key."""
    path = tmp_path / "task.json"
    write_json(path, {**TaskSettings().model_dump(), "dimension": 0})
    with pytest.raises(FileError, match=r"task\.json: key 'dimension' is 0"):
        read_settings(path, TaskSettings)


def test_equal_tables_are_equal_bytes(tmp_path: Path) -> None:
    """Fails if something that varies (a date, an index) is written with a table."""
    table = pd.DataFrame({"run": ["a", "b"], "value": [1.0, float("nan")]})
    for name in ("one", "two"):
        write_table(tmp_path / name, table.sample(frac=1, random_state=0).sort_index())
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    pd.testing.assert_frame_equal(read_table(tmp_path / "one"), table)


def test_damaged_table_is_named(tmp_path: Path) -> None:
    """Fails if a truncated or missing table ends in a traceback."""
    path = tmp_path / "errors.parquet"
    with pytest.raises(FileError, match=r"errors\.parquet: no such table"):
        read_table(path)
    write_table(path, pd.DataFrame({"a": range(100)}))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(FileError, match=r"errors\.parquet: not a readable"):
        read_table(path)
