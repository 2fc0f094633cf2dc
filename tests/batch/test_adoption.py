"""What is refused of another machine's results: other code, other settings, other prompts, damage."""

from collections.abc import Callable
from pathlib import Path

import pytest
from ickrr.config.specs import resolved_specs
from support import ROOT

from ickrr.batch import journal as journal_module
from ickrr.batch.adoption import judge
from ickrr.batch.jobs import Job, importance, jobs_of
from ickrr.batch.journal import Journal
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.files import write_text

CHAIN = ["sample spherical-validation", "train spherical seed 0", "sample spherical-fit"]
CHAIN += ["sample spherical-evaluation", "probe spherical seed 0"]
WEIGHTS = "trained/spherical/seed0/weights.safetensors"


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return load_experiment(ROOT / "config.yaml", "smoke")


def jobs_below(experiment: Experiment, results: Path) -> list[Job]:
    return jobs_of(experiment, importance(experiment, ["spherical"], [0]), results, "cpu")


@pytest.fixture
def source(experiment: Experiment, tmp_path: Path) -> Journal:
    """A folder in which every job of one model is finished; the content of the files does not matter."""
    results = tmp_path / "source"
    for name, text in resolved_specs(experiment).items():
        write_text(results / "specs" / name, text)
    finished = Journal.load(results)
    for job in jobs_below(experiment, results):
        for path in job.outputs.values():
            write_text(path, f"made by {job.label}")
        finished.add(job)
    return Journal.load(results)


@pytest.fixture
def verdict(
    experiment: Experiment, source: Journal, tmp_path: Path
) -> Callable[..., tuple[list[str], dict[str, str]]]:
    """Judge the source; returns labels that are adopted and reasons of refusal."""

    def of(other: Experiment = experiment) -> tuple[list[str], dict[str, str]]:
        results = tmp_path / "target"
        found = judge(jobs_below(other, results), source, Journal.load(results), resolved_specs(other))
        return [job.label for job in found.adopted], found.refused

    return of


def test_everything_right_is_adopted(verdict, source: Journal) -> None:
    """Fails if results that are right are refused, or what was never run is reported."""
    assert verdict() == (CHAIN, {})
    del source.entries["probe spherical seed 0"]
    assert verdict() == (CHAIN[:-1], {})


def test_other_training_settings_are_refused(verdict, experiment: Experiment) -> None:
    """Fails if a model of other settings is adopted, or its prompts are refused with it."""
    runs = {**experiment.runs}
    runs["spherical"] = runs["spherical"].model_copy(update={"training": {"gradient_clip": 2.0}})
    adopted, refused = verdict(experiment.model_copy(update={"runs": runs}))
    assert adopted == [CHAIN[0], CHAIN[2], CHAIN[3]]
    assert "specs/runs/spherical.json is not what it was made from" in refused[CHAIN[1]]
    assert "not adopted" in refused[CHAIN[4]] or "not what it was made from" in refused[CHAIN[4]]


def test_other_code_is_refused(verdict, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if weights of other code are adopted."""
    current = journal_module.verb_code
    monkeypatch.setattr("ickrr.batch.adoption.verb_code", lambda v: "other" if v == "train" else current(v))
    adopted, refused = verdict()
    assert adopted == [CHAIN[0], CHAIN[2], CHAIN[3]]
    assert "the code behind 'train' is not what made it; check out the commit" in refused[CHAIN[1]]
    assert f"its input {WEIGHTS} is not adopted" in refused[CHAIN[4]]


def test_damaged_file_is_refused(verdict, source: Journal) -> None:
    """Fails if a file that was damaged on its way, or lost, is adopted."""
    path = source.results / WEIGHTS
    path.write_text("damaged")
    assert "is not what was written; copy it again" in verdict()[1][CHAIN[1]]
    path.unlink()
    assert "is missing; copy it again" in verdict()[1][CHAIN[1]]


def test_other_prompts_are_refused_with_what_was_made_from_them(verdict, tmp_path: Path) -> None:
    """Fails if two models would be judged on prompts that differ in their last bits."""
    write_text(tmp_path / "target/prompts/spherical-evaluation.safetensors", "drawn on another processor")
    adopted, refused = verdict()
    assert adopted == CHAIN[:3]
    assert "was drawn here and differs" in refused[CHAIN[3]]
    assert "prompts/spherical-evaluation.safetensors is not adopted" in refused[CHAIN[4]]


def test_journal_notices_every_change(experiment: Experiment, source: Journal, monkeypatch) -> None:
    """Fails if a job counts as done although an input, an output or its code is not as it was."""
    jobs = {job.label: job for job in jobs_below(experiment, source.results)}
    train = jobs[CHAIN[1]]
    assert all(Journal.load(source.results).is_done(job) for job in jobs.values())
    for path in (*train.inputs.values(), *train.outputs.values()):
        before = path.read_bytes()
        path.write_bytes(before + b"!")
        assert not Journal.load(source.results).is_done(train), path
        path.write_bytes(before)
    assert Journal.load(source.results).is_done(train)
    monkeypatch.setattr(journal_module, "verb_code", lambda verb: "other")
    assert not Journal.load(source.results).is_done(train)
