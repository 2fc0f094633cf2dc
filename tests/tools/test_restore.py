"""The tool `restore` with what a checkout ships of a scale."""

from pathlib import Path

import pytest
from support import Paper

from ickrr.__main__ import main
from ickrr.tools import restore


@pytest.fixture
def shipping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder `bundles` of an empty checkout, in which this process works."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(restore, "ROOT", tmp_path)
    (tmp_path / "bundles").mkdir()
    return tmp_path / "bundles"


@pytest.mark.usefixtures("shipping")
def test_nothing_shipped_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a scale without bundles ends without a word, or `make paper` stops at it."""
    assert main(["restore", "--shipped", "smoke"]) == 0
    assert capsys.readouterr().out == "no results of the smoke scale are shipped; snakemake computes them\n"


def test_every_archive_of_the_scale_is_restored(
    shipping: Path, tiny_paper: Paper, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if bundles of single runs stay where they are, or one that is in the way keeps the others out."""
    for run in ("spherical", "noise_low"):
        path = shipping / f"smoke-tables-of-{run}.tar.xz"
        said = tiny_paper.tool("bundle", "--scale", "smoke", "--runs", run, "--output", str(path))
        assert said.returncode == 0, said.stdout
    own = Path("results/smoke/tables/noise_low/errors.parquet")
    own.parent.mkdir(parents=True)
    own.write_bytes(b"mine")
    assert main(["restore", "--shipped", "smoke"]) == 0
    told = capsys.readouterr()
    assert f"your own results stay: {own}" in told.err
    assert told.out.startswith("bundles/smoke-tables-of-spherical.tar.xz: restored ")
    assert own.read_bytes() == b"mine"
    own.unlink()
    assert main(["restore", "--shipped", "smoke"]) == 0
    restored = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in restored] == [
        "bundles/smoke-tables-of-noise_low.tar.xz",
        "bundles/smoke-tables-of-spherical.tar.xz",
    ]
    for run in ("spherical", "noise_low"):
        name = Path(f"results/smoke/tables/{run}/errors.parquet")
        assert name.read_bytes() == (tiny_paper.path / name).read_bytes()
