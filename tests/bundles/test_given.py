"""What of a restored bundle stands in for its rule: exactly what code, settings and seeds still fit."""

import shutil
from pathlib import Path

import invented_results as invented
import pytest

from ickrr.bundles.given import Given, given_results
from ickrr.bundles.pack import pack
from ickrr.bundles.unpack import unpack
from ickrr.config.experiment import Experiment

RESULTS = Path("results/smoke")
ERRORS = "tables/spherical/errors.parquet"
CURVE = "tables/spherical/learning_curve.parquet"
RECORD = "trained/spherical/seed0/run.json"


@pytest.fixture
def clone(project: Path) -> Path:
    """The project without results but with the bundle unpacked, as after a clone."""
    pack(RESULTS, "tables", Path("b.tar.xz"))
    shutil.rmtree(RESULTS)
    invented.write_specs(invented.small_experiment())
    unpack(Path("b.tar.xz"), RESULTS, "smoke")
    return project


def given(experiment: Experiment | None = None) -> Given:
    (found,) = given_results(RESULTS, experiment or invented.small_experiment())
    return found


def test_everything_is_given_where_nothing_has_changed(clone: Path) -> None:
    """Fails if a fresh clone would compute what the bundle holds."""
    found = given()
    assert found.files == set(found.manifest.files)
    assert "6 of 6 results taken (run of 2026-" in found.report()


def test_edit_of_a_stage_leaves_what_is_made_by_it(clone: Path) -> None:
    """Fails if a table of other code is taken, or one that the edit does not concern is not."""
    Path("src/compare.py").write_text("# edited\n")
    found = given()
    assert CURVE in found.files
    assert found.left[ERRORS] == "src/compare.py has changed"
    # The comparison needs weights, which training writes together with its records.
    assert RECORD in found.left
    assert "not tables/spherical/errors.parquet" in found.report()


def test_edit_of_training_leaves_everything(clone: Path) -> None:
    """Fails if a change at the beginning does not reach the end."""
    Path("src/train.py").write_text("# edited\n")
    assert given().files == frozenset()


def test_source_that_is_gone_is_named(clone: Path) -> None:
    """Fails if deleted code still vouches for results."""
    Path("src/train.py").unlink()
    assert given().left[ERRORS] == "src/train.py is gone"


def test_changed_setting_is_named_with_both_values(clone: Path) -> None:
    """Fails if a changed hyperparameter is not noticed, or a person is not told which."""
    runs = {"spherical": {"task": "spherical", "seeds": [0, 1], "training": {"gradient_clip": 2.0}}}
    experiment = invented.small_experiment(runs=runs)
    invented.write_specs(experiment)
    found = given(experiment)
    assert found.files == frozenset()
    assert "specs/runs/spherical.json has changed (training.gradient_clip: 1.0 -> 2.0)" in found.left[ERRORS]


@pytest.mark.parametrize("seeds", [[0], [0, 1, 2]])
def test_other_seeds_leave_what_gathers_them(clone: Path, seeds: list[int]) -> None:
    """Fails if a table of two seeds stands for one of three or one: no other setting tells them apart."""
    experiment = invented.small_experiment(runs={"spherical": {"task": "spherical", "seeds": seeds}})
    invented.write_specs(experiment)
    found = given(experiment)
    assert found.left[ERRORS] == f"run 'spherical' has the seeds {seeds}, it was made from [0, 1]"


def test_removed_run_is_left(clone: Path) -> None:
    """Fails if results of a run that the configuration no longer has are taken."""
    experiment = invented.small_experiment(
        runs={"other": {"task": "spherical"}}, figures={"fig1": {"runs": ["other"], "tables": ["errors"]}}
    )
    assert given(experiment).left[ERRORS] == "there is no run 'spherical'"


def test_what_was_computed_here_is_kept(clone: Path) -> None:
    """Fails if the bundle of another machine replaces own results."""
    (RESULTS / "tables/spherical").mkdir(parents=True)
    (RESULTS / ERRORS).write_bytes(b"own")
    found = given()
    assert ERRORS in found.left
    assert found.files == set(found.manifest.files) - {ERRORS}
    assert "errors.parquet" not in found.report()
