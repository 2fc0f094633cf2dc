"""In a fresh clone with a restored bundle, Snakemake makes only figures and the paper."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from support import Paper, Project, fingerprints

from ickrr.io.files import read_json, write_json
from ickrr.provenance import INCOMPLETE, digest, metadata_path

BY_DATE = ("--cores", "1", "--max-checksum-file-size", "0", "--workflow-profile", "none")
DRAWN = {"draw_figure": 2, "build_paper": 1}


@pytest.fixture
def clone(tiny_project: Project, bundle: Path, tmp_path: Path) -> Project:
    """Make a fresh clone that comes with the bundle, and restore it."""
    project = tiny_project.copy(tmp_path / "clone")
    shutil.rmtree(project.path / "bundles", ignore_errors=True)
    (project.path / "bundles").mkdir()
    shutil.copy(bundle, project.path / "bundles")
    said = project.tool("restore", "--shipped", "smoke")
    assert said.returncode == 0, said.stdout
    assert "restored" in said.stdout
    return project


def test_paper_from_the_bundle_is_the_paper(clone: Project, tiny_paper: Paper) -> None:
    """Fails if anything is trained, a byte of a figure or the PDF differs, or a second call does anything."""
    assert clone.planned() == DRAWN
    run = clone.snakemake("--cores", "2")
    assert run.returncode == 0, run.stdout
    assert "3 jobs computed, " in run.stdout and " results taken from a bundle.\n" in run.stdout
    found, expected = fingerprints(clone), fingerprints(tiny_paper)
    assert {name for name in found if found[name] != expected[name]} == set()
    for name in ("paper.pdf", "figures/fig1.pdf", "latex/numbers.tex"):
        assert (clone.results() / name).read_bytes() == (tiny_paper.results() / name).read_bytes()
    assert clone.planned() == {}
    assert clone.tool("restore", "--shipped", "smoke").returncode == 0
    assert clone.planned() == {}


def test_without_the_profile_dates_decide_and_agree(clone: Project, weights: Path) -> None:
    """Fails if files over Snakemake's own limit, which are compared by date, seem older than their inputs.

    So also where what the tables came from is put in place later.
    """
    # A limit of no byte at all: every file is compared by its date.
    assert clone.planned(*BY_DATE) == DRAWN
    said = clone.tool("restore", str(weights))
    assert said.returncode == 0, said.stdout
    assert clone.planned() == clone.planned(*BY_DATE) == DRAWN


def test_edited_solver_reruns_its_dependents_although_they_are_not_here(clone: Project) -> None:
    """Fails if a shipped table counts as current after an edit of code that it came from."""
    with (clone.path / "src/ickrr/solvers/system.py").open("a") as code:
        code.write("\nedited = 1 + 1\n")
    planned = clone.planned()
    assert {"solve_prompts", "compare_run", "judge_claims", "draw_figure"} <= set(planned)
    # What comparing needs, and nothing ships: predictions, and models for them.
    assert planned["train_model"] == 3


def test_edited_style_redraws_and_no_more(clone: Project) -> None:
    """Fails if an edit of what only figures use reaches back."""
    with (clone.path / "src/ickrr/report/style.py").open("a") as code:
        code.write("\nedited = 1 + 1\n")
    assert {"draw_figure", "build_paper"} <= set(clone.planned()) <= set(DRAWN)


def test_changed_key_reruns_exactly_what_depends_on_it(clone: Project) -> None:
    """Fails if another run is trained, or a table of the changed run stays."""
    (clone.path / "mine.yaml").write_text("runs: {noise_low: {training: {gradient_clip: 2.0}}}\n")
    planned = clone.planned("--config", "scale=smoke", "overlay=mine.yaml")
    assert planned["train_model"] == planned["probe_model"] == planned["compare_run"] == 1


@pytest.fixture(scope="module")
def weights(tiny_paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pack the weights of `tiny_paper`."""
    return packed(tiny_paper, "weights", tmp_path_factory.mktemp("bundle"))


def packed(project: Project, tier: str, folder: Path, *options: str) -> Path:
    path = folder / f"smoke-{tier}.tar.xz"
    said = project.tool("bundle", "--scale", "smoke", "--tier", tier, "--output", str(path), *options)
    assert said.returncode == 0, said.stdout
    return path


@pytest.mark.slow
def test_weights_of_one_run_are_compared_without_training(
    tiny_project: Project, tiny_paper: Paper, tmp_path: Path
) -> None:
    """Fails if the bundle holds another run, or what it holds is trained again with its prompts."""
    bundle = packed(tiny_paper, "weights", tmp_path, "--runs", "spherical")
    with tarfile.open(bundle) as archive:
        held = {
            name.split("/trained/")[1].split("/")[0] for name in archive.getnames() if "/trained/" in name
        }
    assert held == {"spherical"}
    project = tiny_project.copy(tmp_path / "clone")
    assert project.tool("restore", str(bundle)).returncode == 0
    table = "results/smoke/tables/spherical/errors.parquet"
    assert set(project.planned(table)) == {"sample_prompts", "solve_prompts", "probe_model", "compare_run"}
    run = project.snakemake(table, "--cores", "2")
    assert run.returncode == 0, run.stdout
    assert (project.path / table).read_bytes() == (tiny_paper.path / table).read_bytes()
    assert project.planned(table) == {}
    said = tiny_paper.tool(
        "bundle", "--scale", "smoke", "--runs", "spherica", "--output", str(tmp_path / "x.tar.xz")
    )
    assert "--runs: found 'spherica', which is not a trained run (did you mean 'spherical'?)" in said.stdout


@pytest.mark.parametrize(
    ("tier", "follows", "done"),
    [
        ("weights", {"sample_prompts", "probe_model", "compare_run"}, {"train_model", "build_control"}),
        pytest.param(
            "predictions",
            {"compare_run"},
            {"sample_prompts", "train_model", "probe_model", "solve_prompts"},
            marks=pytest.mark.slow,
        ),
    ],
)
def test_only_what_follows_a_tier_is_planned(
    tiny_project: Project, tiny_paper: Paper, tmp_path: Path, tier: str, follows: set[str], done: set[str]
) -> None:
    """Fails if weights that come home are trained again, or predictions made again."""
    bundle = packed(tiny_paper, tier, tmp_path)
    project = tiny_project.copy(tmp_path / "clone")
    assert project.tool("restore", str(bundle)).returncode == 0
    planned = set(project.planned())
    assert follows <= planned
    assert not done & planned
    assert set(project.planned(*BY_DATE)) == planned


def own(project: Project, *names: str) -> None:
    """Make results of the user's own: other bytes, which Snakemake and the records take as current."""
    for name in names:
        path = project.results() / name
        path.write_bytes(path.read_bytes() + b"%own")
        record = read_json(project.results() / "records" / f"{name}.json")
        record["outputs"][f"results/smoke/{name}"] = digest(path)
        write_json(project.results() / "records" / f"{name}.json", record)
    run = project.snakemake("--touch", "--cores", "1")
    assert run.returncode == 0, run.stdout
    assert project.planned() == {}


@pytest.mark.slow
def test_metadata_of_deleted_results_vouch_for_nothing(
    clone: Project, tiny_paper: Paper, bundle: Path, tmp_path: Path
) -> None:
    """Fails if restored tables count as current because own ones, since deleted, were made now."""
    project = tiny_paper.copy(tmp_path / "own")
    for one in (clone, project):
        with (one.path / "src/ickrr/solvers/system.py").open("a") as code:
            code.write("\nedited = 1 + 1\n")
    own(project)
    shutil.rmtree(project.results())
    assert project.tool("restore", str(bundle)).returncode == 0
    planned = project.planned()
    assert planned == clone.planned()
    assert planned["solve_prompts"] == 2


@pytest.mark.slow
def test_own_figures_of_replaced_tables_are_drawn_again(
    tiny_paper: Paper, bundle: Path, tmp_path: Path
) -> None:
    """Fails if a newer figure of somebody's own tables stays, or another is drawn again."""
    project = tiny_paper.copy(tmp_path / "own")
    own(project, "tables/spherical/errors.parquet", "figures/fig1.pdf")
    said = project.tool("restore", str(bundle))
    assert said.returncode == 1
    assert "tables/spherical/errors.parquet: there already, and not what" in said.stdout
    assert project.planned() == {}
    assert project.tool("restore", str(bundle), "--force").returncode == 0
    assert project.planned() == {"draw_figure": 1, "write_numbers": 1, "build_paper": 1}
    run = project.snakemake("fig1", "--cores", "2")
    assert run.returncode == 0, run.stdout
    figure = "figures/fig1.pdf"
    assert (project.results() / figure).read_bytes() == (tiny_paper.results() / figure).read_bytes()


@pytest.mark.slow
def test_own_weights_are_not_mixed_with_tables_of_others(
    tiny_paper: Paper, bundle: Path, tmp_path: Path
) -> None:
    """Fails if tables stand beside weights that they do not come from, and Snakemake plans nothing."""
    project = tiny_paper.copy(tmp_path / "own")
    name = "trained/spherical/seed0/weights.safetensors"
    own(project, name, "tables/spherical/errors.parquet")
    shutil.rmtree(project.results() / "tables")
    said = project.tool("restore", str(bundle))
    assert said.returncode == 1
    assert f"{name}: there already, and not what" in said.stdout
    assert not (project.results() / "tables").exists()
    assert project.tool("restore", str(bundle), "--force").returncode == 0
    assert not (project.results() / name).exists()
    assert "train_model" not in project.planned()


KILLED = """
import os, sys
from pathlib import Path
sys.path.insert(0, "src")
from ickrr.bundles.restoring import restore

def die(event, arguments):
    if event == "os.rename" and str(arguments[1]).startswith(".snakemake/metadata"):
        os._exit(9)

sys.addaudithook(die)
restore(Path(sys.argv[1]))
"""


def test_killed_restore_counts_for_nothing_until_it_is_ended(
    tiny_project: Project, bundle: Path, tmp_path: Path
) -> None:
    """Fails if tables of which Snakemake does not know yet how they were made count as current."""
    project = tiny_project.copy(tmp_path / "clone")
    killed = subprocess.run([sys.executable, "-c", KILLED, bundle], cwd=project.path, check=False)
    assert killed.returncode == 9
    assert (project.results() / "tables/spherical/errors.parquet").exists()
    assert {"solve_prompts", "train_model", "compare_run"} <= set(project.planned())
    assert project.tool("restore", str(bundle)).returncode == 0
    assert project.planned() == DRAWN


@pytest.mark.slow
def test_without_tex_what_there_is_can_be_packed(
    tiny_project: Project, tiny_paper: Paper, tmp_path: Path
) -> None:
    """Fails if weights need a PDF to come home, those of a running job do, or nobody is told."""
    project = tiny_paper.copy(tmp_path / "gpu")
    for path in (project.results() / "paper.pdf", project.path / metadata_path("results/smoke/paper.pdf")):
        path.unlink()
    running = "results/smoke/trained/noise_low/seed0/weights.safetensors"
    mark = project.path / metadata_path(running, INCOMPLETE)
    mark.write_text("{}")
    bundle = tmp_path / "smoke-weights.tar.xz"
    said = project.tool("bundle", "--scale", "smoke", "--tier", "weights", "--output", str(bundle))
    assert said.returncode == 0, said.stdout
    assert "paper.pdf is not there, so this is what there is of tier weights" in said.stdout
    assert f"left out: {running}: its job is running or was stopped" in said.stdout
    assert "files of the unfinished smoke run of" in said.stdout
    clone = tiny_project.copy(tmp_path / "clone")
    assert clone.tool("restore", str(bundle)).returncode == 0
    assert not (clone.path / running).exists()
    assert clone.planned()["train_model"] == 1
    # Weights that were trained again: what was made from the earlier ones stays where it is.
    mark.unlink()
    record = project.results() / "records/trained/noise_low/seed0/weights.safetensors.json"
    told = read_json(record)
    (project.path / running).write_bytes(b"trained again")
    told["outputs"][running] = digest(project.path / running)
    write_json(record, told)
    said = project.tool("bundle", "--scale", "smoke", "--tier", "tables", "--output", str(bundle))
    assert said.returncode == 0, said.stdout
    assert f"was made from another {running} than was made last" in said.stdout


def test_outdated_paper_cannot_be_packed(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if tables are packed as those of a paper that was made from others."""
    project = tiny_paper.copy(tmp_path / "own")
    name = "tables/spherical/errors.parquet"
    path = project.results() / "records" / f"{name}.json"
    record = read_json(path)
    record["outputs"][f"results/smoke/{name}"] = "0" * 64
    write_json(path, record)
    said = project.tool("bundle", "--scale", "smoke", "--output", "x.tar.xz")
    assert said.returncode == 1
    assert f"was made from another results/smoke/{name} than was made last; run snakemake" in said.stdout
    assert not (project.path / "x.tar.xz").exists()


def test_nothing_is_restored_unasked(tiny_project: Project, bundle: Path, tmp_path: Path) -> None:
    """Fails if plain snakemake takes shipped results, or says nothing of them."""
    project = tiny_project.copy(tmp_path / "clone")
    (project.path / "bundles").mkdir(exist_ok=True)
    shutil.copy(bundle, project.path / "bundles" / "smoke-tables.tar.xz")
    assert project.planned()["train_model"] == 3
    target = "results/smoke/prompts/spherical-fit.safetensors"
    run = project.snakemake(target, "--cores", "1")
    assert "bundles/smoke-tables.tar.xz: results of the smoke scale" in run.stdout
    assert "ickrr restore --shipped smoke" in run.stdout
    assert not (project.results() / "tables").exists()


def test_own_results_stay(clone: Project) -> None:
    """Fails if `make paper` overwrites results of somebody's own, or stops because of them."""
    table = clone.results() / "tables/spherical/errors.parquet"
    table.write_bytes(b"mine")
    said = clone.tool("restore", "--shipped", "smoke")
    assert said.returncode == 0
    assert (
        "your own results stay: results/smoke/tables/spherical/errors.parquet: there already" in said.stdout
    )
    assert table.read_bytes() == b"mine"
