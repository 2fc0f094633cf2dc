"""The tool `verify` as a reviewer calls it, on a small paper."""

import json
import re

import pandas as pd
import pytest
from support import ROOT, Project

from ickrr.errors import FileError
from ickrr.tools.verify import _reference

LAPTOP = ROOT / "bundles/laptop-tables.tar.xz"
LATER = pytest.mark.slow
"""What trains a seed again waits for `make test-slow`."""


@pytest.fixture(scope="module")
def project(tiny_paper: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of a finished small paper."""
    return tiny_paper.copy(tmp_path_factory.mktemp("verify") / "project")


@pytest.fixture(scope="module")
def said(project: Project) -> str:
    """What the tool says on unchanged results."""
    run = project.tool("verify", "--scale", "smoke")
    assert run.returncode == 0, run.stdout
    return run.stdout


@LATER
def test_the_same_machine_ends_in_the_same_bytes(project: Project, said: str) -> None:
    """Fails if a training that is repeated here differs from itself, or the page does not say so."""
    folder = project.path / "build/verify/smoke-spherical-seed0"
    page = (folder / "statement.md").read_text()
    last = said.splitlines()[-2:]
    assert last[1] == "build/verify/smoke-spherical-seed0/statement.md: written"
    assert re.fullmatch(
        r"Agrees: (\d+) of \1 numbers inside their tolerances, 3 of 3 conclusions and 5 of 5 files "
        r"are the same\.",
        last[0],
    )
    assert f"**{last[0]}**" in page
    record = project.results() / "records/trained/spherical/seed0/weights.safetensors.json"
    processor = json.loads(record.read_text())["machine"]["processor"]
    assert f"| processor | {processor} | {processor} |" in page
    assert "| trained/spherical/seed0/weights.safetensors | same |" in page


@LATER
def test_only_one_seed_is_trained(project: Project, said: str) -> None:
    """Fails if the reviewer waits for the other seeds, or for another run."""
    made = project.path / "build/verify/smoke-spherical-seed0/results/smoke/trained"
    found = sorted(str(path.relative_to(made)) for path in made.rglob("weights.safetensors"))
    assert found == ["spherical/seed0/weights.safetensors"]


@LATER
def test_results_of_another_training_do_not_agree(project: Project, said: str) -> None:
    """Fails if a learning curve that is far from what comes out here is confirmed."""
    path = project.results() / "tables/spherical/learning_curve.parquet"
    kept = path.read_bytes()
    table = pd.read_parquet(path)
    table["excess_risk"] /= 3
    table.to_parquet(path)
    run = project.tool("verify", "--scale", "smoke", "--output", "no.md")
    path.write_bytes(kept)
    assert run.returncode == 1
    assert "DOES NOT AGREE" in run.stdout
    page = (project.path / "no.md").read_text()
    assert re.search(r"^\| final excess risk \|.*\*\*OUTSIDE\*\* \|$", page, re.MULTILINE)
    assert re.search(r"^\| distance, mean over layers \|.* inside \|$", page, re.MULTILINE)


@LATER
def test_other_settings_are_named(project: Project, said: str, tmp_path) -> None:
    """Fails if a training with another key is compared without a word."""
    (project.path / "mine.yaml").write_text("base: {training: {gradient_clip: 0.5}}\n")
    run = project.tool("verify", "--scale", "smoke", "--overlay", "mine.yaml", "--folder", str(tmp_path))
    assert run.returncode in (0, 1), run.stdout
    page = (tmp_path / "statement.md").read_text()
    assert "| runs.spherical.training.gradient_clip | 1.0 | 0.5 |" in page


@pytest.mark.slow
def test_other_threads_and_the_names_of_layers_are_told(project: Project, said: str) -> None:
    """Fails if the threads do not reach the training, or a layer has another name than in its table."""
    made = project.snakemake("results/smoke/tables/spherical/attribution.parquet")
    assert made.returncode == 0, made.stdout
    run = project.tool("verify", "--scale", "smoke", "--threads", "2")
    folder = project.path / "build/verify/smoke-spherical-seed0-threads2"
    page = (folder / "statement.md").read_text()
    assert "| threads | 1 | 2 |" in page, run.stdout
    assert "    ickrr verify --scale smoke --run spherical --seed 0 --against smoke --threads 2\n" in page
    told = page.split("## Layers")[1].split("## Bits")[0]
    for position, results in enumerate((project.results(), folder / "results/smoke"), start=1):
        table = pd.read_parquet(results / "tables/spherical/attribution.parquet").query("seed == 0")
        rows = [line.split(" | ") for line in told.splitlines() if re.match(r"\| \d", line)]
        shown = {int(row[0].strip("| ")): row[position] for row in rows}
        for layer, families in table.groupby("layer"):
            survivors = ", ".join(families.loc[families["survives"], "family"]) or "no family"
            assert shown[layer] == f"{families['named'].iloc[0]} ({survivors})"
    assert "Which families are layers 3 to 3 named after?" in page


@pytest.mark.parametrize("run", ["clustered", "spherical"])
def test_the_shipped_bundle_that_has_the_run_is_the_reference(run, tmp_path, monkeypatch) -> None:
    """Fails if a run of the desk scale is compared with the bundle of another run."""
    monkeypatch.chdir(tmp_path)
    bundle = ROOT / f"bundles/desk-tables-of-{run}.tar.xz"
    assert (tmp_path / _reference("desk", run)).resolve() == bundle
    with pytest.raises(FileError, match=r"results/desk: .* and no shipped bundle has run 'line'; make them"):
        _reference("desk", "line")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--run", "sphericle"], "--run: found 'sphericle', which is not a run (did you mean 'spherical'?)"),
        (["--threads", "0"], "--threads: found 0; give a number of 1 or more"),
        (["--seed", "9"], "--seed: found 9; run 'spherical' has the seeds 0, 1"),
        (["--against", "nowhere"], "nowhere: no such results"),
        (["--scale", "laptop"], "results/laptop: no results to compare with"),
        # The small paper of the tests has seed 0, which the shipped tables have not.
        (
            ["--scale", "laptop", "--against", str(LAPTOP)],
            f"{LAPTOP}: has no training of run 'spherical', seed 0",
        ),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_trained(project: Project, options, message) -> None:
    """Fails if a person waits for a training that can be compared with nothing."""
    run = project.tool("verify", *(["--scale", "smoke"] if "--scale" not in options else []), *options)
    assert run.returncode == 1
    assert f"error: {message}" in run.stdout
    assert len(run.stdout.splitlines()) == 1
