"""Results without a journal: taken as given only if they say that they are right."""

from pathlib import Path

import pytest
import torch
from ickrr.config.specs import resolved_specs
from support import ROOT

from ickrr.batch.given import record_given
from ickrr.batch.jobs import Job, importance, jobs_of
from ickrr.batch.journal import Journal, verb_code
from ickrr.config.load import load_experiment
from ickrr.files import read_json, write_json, write_text
from ickrr.tensors import save_tensors

LABELS = [f"sample spherical-{split}" for split in ("validation", "fit", "evaluation")]
TRAIN = "train spherical seed 0"
ARRAY = {"x": torch.zeros(1)}


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


@pytest.fixture
def jobs(results: Path) -> dict[str, Job]:
    """Jobs of one model, whose outputs stand as Snakemake leaves them."""
    experiment = load_experiment(ROOT / "config.yaml", "smoke")
    for name, text in resolved_specs(experiment).items():
        write_text(results / "specs" / name, text)
    listed = jobs_of(experiment, importance(experiment, ["spherical"], [0]), results, "cpu")
    for job in listed:
        for path in job.outputs.values():
            write_text(path, "any")
        if job.verb == "sample":
            save_tensors(job.outputs["output"], ARRAY, {"prompts": read_json(job.inputs["prompts"])})
    train = next(job for job in listed if job.verb == "train")
    origin = {"run": read_json(train.inputs["run"]), "seed": 0}
    save_tensors(train.outputs["weights"], ARRAY, {**origin, "diverged_at": None})
    write_json(train.outputs["record"], {**origin, "code": verb_code("train")})
    return {job.label: job for job in listed}


def test_right_results_are_given(jobs: dict[str, Job], results: Path) -> None:
    """Fails if what Snakemake made is trained again, or predictions of unknown origin are kept."""
    journal = Journal.load(results)
    assert record_given(jobs.values(), journal) == [LABELS[0], TRAIN, *LABELS[1:]]
    assert journal.is_done(jobs[TRAIN])
    assert Journal.load(results).entries == journal.entries
    assert record_given(jobs.values(), journal) == []


@pytest.mark.parametrize("key", ["run", "seed", "code"])
def test_other_weights_are_not(jobs: dict[str, Job], results: Path, key: str) -> None:
    """Fails if weights of another setting, seed or code are kept."""
    record = jobs[TRAIN].outputs["record"]
    write_json(record, {**read_json(record), key: 7})
    assert record_given(jobs.values(), Journal.load(results)) == LABELS


def test_other_or_damaged_prompts_are_not(jobs: dict[str, Job], results: Path) -> None:
    """Fails if prompts of other settings or damaged ones are kept."""
    first, second = (jobs[label] for label in LABELS[:2])
    settings = read_json(first.inputs["prompts"])
    save_tensors(first.outputs["output"], ARRAY, {"prompts": {**settings, "seed": 7}})
    second.outputs["output"].write_text("damaged")
    assert record_given(jobs.values(), Journal.load(results)) == [TRAIN, LABELS[2]]
