"""Packing: equal bytes for equal results, and only results that are whole, undamaged and up to date."""

import time
from pathlib import Path

import invented_results
import pytest

from ickrr.bundles.manifest import BundleError
from ickrr.bundles.pack import build_manifest, pack
from ickrr.errors import FileError

RESULTS = Path("results/smoke")
TABLES = {
    "tables/spherical/errors.parquet",
    "tables/spherical/learning_curve.parquet",
    *(f"trained/spherical/seed{seed}/{name}" for seed in (0, 1) for name in ("rate.parquet", "run.json")),
}


def test_equal_results_give_equal_bytes(project: Path) -> None:
    """Fails if a date, an owner or an order that varies gets into the archive."""
    pack(RESULTS, "tables", Path("one.tar.xz"))
    time.sleep(1.1)
    for path in RESULTS.rglob("*"):
        path.touch()
    pack(RESULTS, "tables", Path("two.tar.xz"))
    assert Path("one.tar.xz").read_bytes() == Path("two.tar.xz").read_bytes()


def test_manifest_says_what_everything_was_made_from(project: Path) -> None:
    """Fails if a source of any stage on the way, a setting or a model is left out."""
    manifest = build_manifest(RESULTS, "tables")
    assert set(manifest.files) == TABLES
    table = manifest.files["tables/spherical/errors.parquet"]
    spec = "results/smoke/specs/runs/spherical.json"
    assert table.sources == [spec, "src/compare.py", "src/tabulate.py", "src/train.py"]
    assert table.models == {"spherical": [0, 1]}
    assert manifest.files["tables/spherical/learning_curve.parquet"].sources == [
        spec,
        "src/tabulate.py",
        "src/train.py",
    ]
    assert manifest.settings[spec]["name"] == "spherical"
    assert manifest.jobs["comparisons/spherical/seed0/errors.parquet"].rule == "compare_run"
    assert manifest.scale == "smoke"


def test_tables_that_nothing_shows_are_left_out(project: Path) -> None:
    """Fails if the bundle grows with every table that somebody once looked at."""
    figures = {"fig1": {"runs": ["spherical"], "tables": ["errors"]}}
    invented_results.write_specs(invented_results.small_experiment(figures=figures))
    manifest = build_manifest(RESULTS, "tables")
    assert set(manifest.files) == TABLES - {"tables/spherical/learning_curve.parquet"}


def test_larger_tiers_hold_whole_trainings(project: Path) -> None:
    """Fails if a tier lacks an output that the next stage reads."""
    manifest = build_manifest(RESULTS, "weights")
    assert {name.split("/")[-1] for name in manifest.files} == {
        "weights.safetensors",
        "learning_curve.parquet",
        "rate.parquet",
        "run.json",
    }


def test_damaged_result_is_not_packed(project: Path) -> None:
    """Fails if a bundle could carry a file that its rule did not write."""
    (RESULTS / "tables/spherical/errors.parquet").write_bytes(b"x")
    with pytest.raises(FileError, match=r"errors\.parquet: is not what rule tabulate_run wrote"):
        pack(RESULTS, "tables", Path("b.tar.xz"))
    assert not Path("b.tar.xz").exists()


@pytest.mark.parametrize("name", ["src/train.py", "results/smoke/specs/runs/spherical.json"])
def test_outdated_result_is_not_packed(project: Path, name: str) -> None:
    """Fails if results of other code or settings could be passed off as those of the present ones."""
    Path(name).write_text(Path(name).read_text() + " ")
    with pytest.raises(BundleError, match=f"another version of {name}; run snakemake"):
        pack(RESULTS, "tables", Path("b.tar.xz"))


def test_incomplete_results_are_not_packed(project: Path) -> None:
    """Fails if a bundle could lack a table that a figure reads."""
    (RESULTS / "tables/spherical/errors.parquet").unlink()
    with pytest.raises(BundleError, match=r"tables/spherical/errors\.parquet: not there; run snakemake"):
        pack(RESULTS, "tables", Path("b.tar.xz"))


def test_result_without_a_record_is_not_packed(project: Path) -> None:
    """Fails if a file of unknown origin could be packed."""
    (RESULTS / "records/trained/spherical/seed1/weights.safetensors.json").unlink()
    with pytest.raises(BundleError, match=r"seed1/weights\.safetensors: has no record"):
        pack(RESULTS, "tables", Path("b.tar.xz"))
