"""Files that are not what their name says, for every file that a person writes."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ickrr.__main__ import main
from ickrr.code import CodeError, code_digest
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.config.yaml_text import DEEPEST, MOST_VALUES, read_yaml
from ickrr.errors import ConfigError, FileError
from ickrr.io.texts import LARGEST, read_text
from slurm_guard.check import read_profile
from slurm_guard.errors import ClusterError

ROOT = Path(__file__).parents[2]
LAYERS = "base:\n  model:\n    layers: 5\n"
ALIASES = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le+mark", "utf-16-be+mark", "utf-32"]
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_encodings_that_say_what_they_are(read: Callable[..., Experiment], encoding: str, ends: str) -> None:
    """Fails if what PowerShell's `>` or Notepad writes is a UnicodeDecodeError, or its mark a key."""
    text = LAYERS.replace("\n", ends)
    content = text.encode(encoding) if "+" not in encoding else f"\ufeff{text}".encode(encoding[:-5])
    assert read(content).base.model.layers == 5


BROKEN = [
    ("", "is empty"),
    (" \n\n", "is empty"),
    ("- a\n- b\n", "expected 'key: value' lines at the top, found ['a', 'b']"),
    ("hello", "expected 'key: value' lines at the top, found 'hello'"),
    ("3", "expected 'key: value' lines at the top, found 3"),
    ("# größer\n".encode("latin-1"), "mine0.yaml:1: byte 0xf6 is no UTF-8"),
    (b"seed: 1\nscale: \xff\n", "mine0.yaml:2: byte 0xff is no UTF-8"),
    (LAYERS.encode("utf-16-le"), "holds NUL bytes"),
    (b"\xff\xfeb", "is no UTF-16"),
    (b"seed: 1\nbase\0: {}", "mine0.yaml:2: holds NUL bytes"),
    (b"seed: 1\x07", "not valid YAML: unacceptable character #x0007"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "is no UTF-8"),
    (b"PK\x03\x04" + bytes(20), "holds NUL bytes"),
    ("base:\n\tmodel:\n", "mine0.yaml:2: not valid YAML: while scanning"),
    ("base: {}\n---\nbase: {}\n", "but found another document"),
    ('{"base": {"model": {"layers": 4, "layers": 5}}}', "base.model.layers: this key stands twice"),
    ('{"base": {"model": {"layers": 4, "la\\u0079ers": 5}}}', "base.model.layers: this key stands twice"),
    ("figures: {fig1: {runs: [spherical], runs: []}}", "figures.fig1.runs: this key stands twice"),
    ("? [a, b]\n: 3", "a key must be one word"),
    ("base: !!python/object/apply:os.system ['true']", "base: tags such as"),
    ("seed: !mine 3", "could not determine a constructor for the tag '!mine'"),
    ("base: &a\n  model: *a\n", "base.model: this alias holds itself"),
    ("base: {model: *gone}", "found undefined alias"),
    (ALIASES, f"holds more than {MOST_VALUES} values"),
    ("a: " + "[" * 200_000, f"mine0.yaml:1: is nested more than {DEEPEST} levels deep"),
    ("a:\n" + "- " * 50_000, f"is nested more than {DEEPEST} levels deep"),
    ("runs:", "runs: found None; expected 'key: value' lines"),
]


@pytest.mark.parametrize(("content", "expected"), BROKEN, ids=[expected[:30] for _, expected in BROKEN])
def test_broken_overlay(refusal: Callable[..., str], content: str | bytes, expected: str) -> None:
    """Fails if such a file ends in a traceback or a crash, or is taken for what it is not."""
    assert expected in refusal(content)


@pytest.mark.parametrize("name", ["config.yaml", "workflow/scales/smoke.yaml", "claims.yaml"])
@pytest.mark.parametrize("content", ["", "- a\n", "größer: ü".encode("latin-1"), b"a\0b", "a: {a: 1, a: 2}"])
def test_every_file_is_read_alike(tmp_path: Path, name: str, content: str | bytes) -> None:
    """Fails if a mistake that overlays are checked for passes in another file, or does not name the file."""
    for kept in ("config.yaml", "claims.yaml", "workflow/scales/smoke.yaml"):
        (tmp_path / kept).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / kept, tmp_path / kept)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=str(tmp_path / name)):
        load_ledger(tmp_path / "claims.yaml", load_experiment(tmp_path / "config.yaml", "smoke"))


@pytest.mark.parametrize("missing", ["runs", "tasks"])
def test_config_without_runs(tmp_path: Path, missing: str) -> None:
    """Fails if a config.yaml that was cut off plans a paper of nothing."""
    text = (ROOT / "config.yaml").read_text()
    before, _, rest = text.partition(f"\n{missing}:")
    after = rest[rest.index("\n\n") :] if missing == "tasks" else ""
    (tmp_path / "config.yaml").write_text(before + after)
    with pytest.raises(ConfigError, match=r"there is none|not a task|not a run"):
        load_experiment(tmp_path / "config.yaml")


def test_what_is_no_file(tmp_path: Path) -> None:
    """Fails if a folder, a huge file or an endless one is a traceback, or is read to its end."""
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match=r"folder\.yaml: cannot be read \(Is a directory\)"):
        read_yaml(tmp_path / "folder.yaml")
    with pytest.raises(ConfigError, match="/dev/zero: is larger than 10 MB"):
        read_yaml(Path("/dev/zero"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path / ("x" * 300))
    (tmp_path / "large").write_bytes(b"a" * (LARGEST + 1))
    with pytest.raises(FileError, match="is larger than"):
        read_text(tmp_path / "large")


@pytest.mark.parametrize("name", ["main.tex", "sections/one.tex", "refs.bib"])
@pytest.mark.parametrize("content", ["größer".encode("latin-1"), "größer".encode("utf-16"), b"a\0b"])
def test_paper_in_another_encoding(
    tmp_path: Path, name: str, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if TeX is the first to notice, or a UnicodeDecodeError names no file."""
    (tmp_path / "sections").mkdir()
    (tmp_path / "main.tex").write_text("\\input{sections/one}\\bibliography{refs}")
    (tmp_path / name).write_bytes(content)
    made = ("figures", "tables", "numbers", "provenance", "paper")
    options = [f"--{option}={tmp_path / option}" for option in made]
    options += [f"--text={tmp_path / 'main.tex'}", f"--build-directory={tmp_path / 'build'}"]
    assert main(["build_paper", *options]) == 1
    said = capsys.readouterr().err
    assert f"error: {tmp_path / name}" in said and "save it as UTF-8" in said


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"cells": 3}', "{}".encode("utf-16"), b"\xff", b"{"]
)
def test_notebook_that_is_none(tmp_path: Path, content: bytes) -> None:
    """Fails if a notebook that was not saved to its end is a traceback while the plan is made."""
    (tmp_path / "fig.ipynb").write_bytes(content)
    with pytest.raises(CodeError, match=r"fig\.ipynb: is not valid Python .* correct it"):
        code_digest("ickrr.errors", str(tmp_path / "fig.ipynb"))


@pytest.mark.parametrize(
    "content", ["größer: ü".encode("latin-1"), b"a\0b", b"- a", b"", b"a: [", b"a: \x07"]
)
def test_profile_that_is_none(tmp_path: Path, content: bytes) -> None:
    """Fails if the check of a cluster's profile ends in a traceback."""
    (tmp_path / "profile.yaml").write_bytes(content)
    with pytest.raises(ClusterError, match=r"profile\.yaml: "):
        read_profile(tmp_path)


def test_profile_with_a_mark(tmp_path: Path) -> None:
    """Fails if what Windows writes is no profile."""
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "profile.yaml").write_bytes("jobs: 3\n".encode(encoding))
        _, values = read_profile(tmp_path)
        assert values == {"jobs": 3}


def test_numbers_and_words_as_people_mean_them(tmp_path: Path) -> None:
    """Fails if 010 is eight, 1:30 ninety, 1e-6 a word, or a key that looks like a boolean is one."""
    text = "a: [010, 1e-6, 1., .5, 1_000, -3, +2.5e3, 1:30, 0x10, 2001-01-01, off, Yes, ~]\nno: 1\n1e3: 2\n"
    (tmp_path / "one.yaml").write_text(text)
    found: dict[str, Any] = read_yaml(tmp_path / "one.yaml")[0]
    wanted = [10, 1e-6, 1.0, 0.5, 1000, -3, 2500.0, "1:30", "0x10", "2001-01-01", False, True, None]
    assert found == {"a": wanted, "no": 1, "1e3": 2}
    assert [type(value) for value in found["a"]] == [type(value) for value in wanted]
