"""Grouping of trainings: which go together, in which order, and what the journal says of them."""

from pathlib import Path

import pytest
from ickrr.config.specs import resolved_specs
from support import ROOT

from ickrr.batch import journal as journal_module
from ickrr.batch.adoption import judge
from ickrr.batch.ensembles import EnsembleJob, grouped
from ickrr.batch.given import record_given
from ickrr.batch.jobs import importance, jobs_of
from ickrr.batch.journal import Journal, verb_code
from ickrr.batch.plan import STARTUP_SECONDS, Estimates
from ickrr.batch.runner import needs
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.errors import ConfigError
from ickrr.files import read_json, write_json, write_text

FIRST = "train together: spherical seed 0, uniform seed 0, gaussian seed 0"


@pytest.fixture(scope="module")
def experiment() -> Experiment:
    return load_experiment(ROOT / "config.yaml", "laptop")


@pytest.fixture
def jobs(experiment: Experiment, tmp_path: Path):
    """All jobs of the default experiment, most important first."""
    return jobs_of(experiment, importance(experiment), tmp_path, "cpu")


def finish(job, journal: Journal) -> None:
    """Let a job be done; the content of the files does not matter."""
    for path in (*job.inputs.values(), *job.outputs.values()):
        if not path.exists():
            write_text(path, f"made for {job.label}")
    journal.add(job)


def test_one_at_a_time_is_the_default(jobs, experiment: Experiment, tmp_path: Path) -> None:
    """Fails if jobs differ from the rules' where nobody asked for ensembles."""
    assert grouped(jobs, Journal.load(tmp_path), experiment, 1) == jobs
    with pytest.raises(ConfigError, match="--ensemble is 0; it must be at least 1"):
        grouped(jobs, Journal.load(tmp_path), experiment, 0)


@pytest.mark.parametrize("size", [2, 3, 8])
def test_every_training_is_in_one_job(jobs, experiment: Experiment, tmp_path: Path, size: int) -> None:
    """Fails if a training is lost or done twice, a group is too large or mixed, or an input comes later."""
    found = grouped(jobs, Journal.load(tmp_path), experiment, size)
    parts = [part.label for job in found for part in job.parts]
    assert sorted(parts) == sorted(job.label for job in jobs)
    for job in found:
        runs = [experiment.run(part.run) for part in job.parts if part.run]
        assert len(runs) <= size
        if isinstance(job, EnsembleJob):
            assert len(runs) > 1
            assert all((run.model, run.training) == (runs[0].model, runs[0].training) for run in runs)
            assert all(run.task.dimension == runs[0].task.dimension for run in runs)
            assert {run.model.layout for run in runs} == {"interleaved"}
            assert {run.model.attention for run in runs} == {"softmax"}
    made: set[Path] = set()
    makeable = {path for job in found for path in job.outputs.values()}
    for job in found:
        assert makeable.intersection(job.inputs.values()) <= made, job.label
        made.update(job.outputs.values())


def test_the_most_important_go_together_first(jobs, experiment: Experiment, tmp_path: Path) -> None:
    """Fails if a group does not stand where its first member stood, or takes later members before earlier."""
    found = grouped(jobs, Journal.load(tmp_path), experiment, 3)
    together = [job for job in found if job.verb.startswith("train")]
    assert together[0].label == FIRST
    assert together[1].label == "train together: depth_double seed 0, depth_double seed 1"
    assert together[0].state == tmp_path / "state" / f"{Path(together[0].log).stem}.safetensors"
    probe = next(job for job in found if job.label == "probe uniform seed 0")
    assert needs(probe, [together[0]])


def test_command_line_names_one_value_a_member(jobs, experiment: Experiment, tmp_path: Path) -> None:
    """Fails if the verb would read another member's run, seed or prompts, or write over its outputs."""
    job = next(job for job in grouped(jobs, Journal.load(tmp_path), experiment, 3) if job.label == FIRST)
    verb, *words = job.arguments
    options: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            options[word] = []
        else:
            options[list(options)[-1]].append(word)
    laws = ("spherical", "uniform", "gaussian")
    assert verb == "train_ensemble"
    assert options["--seed"] == ["0", "0", "0"]
    assert options["--run"] == [str(tmp_path / f"specs/runs/{law}.json") for law in laws]
    assert options["--validation"] == [
        str(tmp_path / f"prompts/{law}-validation.safetensors") for law in laws
    ]
    assert options["--weights"] == [
        str(tmp_path / f"trained/{law}/seed0/weights.safetensors") for law in laws
    ]
    assert options["--state"] == [str(job.state)]
    assert (options["--threads"], options["--device"]) == (["1"], ["cpu"])


def test_what_is_done_or_begun_alone_stays_alone(jobs, experiment: Experiment, tmp_path: Path) -> None:
    """Fails if a finished training is done again, or the checkpoint of one alone is thrown away."""
    by_label = {job.label: job for job in jobs}
    journal = Journal.load(tmp_path)
    finish(by_label["train spherical seed 0"], journal)
    write_text(by_label["train uniform seed 0"].state, "a checkpoint")
    labels = [job.label for job in grouped(jobs, journal, experiment, 3) if job.verb.startswith("train")]
    assert {"train spherical seed 0", "train uniform seed 0"} <= set(labels)
    assert "train together: gaussian seed 0, spherical seed 1, uniform seed 1" in labels


def test_a_stopped_group_is_the_same_group_again(jobs, experiment: Experiment, tmp_path: Path) -> None:
    """Fails if the next call would not go on from the checkpoint of a group because another one is done."""
    journal = Journal.load(tmp_path)
    before = [job for job in grouped(jobs, journal, experiment, 4) if isinstance(job, EnsembleJob)]
    for done in (before[0], before[2]):
        finish(done, journal)
        again = [job for job in grouped(jobs, journal, experiment, 4) if isinstance(job, EnsembleJob)]
        left = [job for job in before if not journal.is_done(job)]
        assert [(job.label, job.state) for job in again] == [(job.label, job.state) for job in left]


def test_time_of_an_ensemble_is_that_of_its_members(jobs, experiment: Experiment, tmp_path: Path) -> None:
    """Fails if a group is estimated as one training, or its real time is not learnt from."""
    job = next(job for job in grouped(jobs, Journal.load(tmp_path), experiment, 3) if job.label == FIRST)
    training = {"spherical": 100.0, "uniform": 110.0, "gaussian": 90.0}
    estimates = Estimates(training, {}, dict.fromkeys(training, 1000))
    assert estimates.seconds(job) == STARTUP_SECONDS + 300
    estimates.learn(job, 1.0, STARTUP_SECONDS + 150)
    assert estimates.correction == 0.5
    assert estimates.seconds(job.members[0]) == STARTUP_SECONDS + 50


def test_journal_and_adoption_verify_the_code_of_ensembles(
    jobs, experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if members count as done, or are adopted, after the code behind `train_ensemble` changed.

    Or if a training alone is refused because of that.
    """
    for name, text in resolved_specs(experiment).items():
        write_text(tmp_path / "specs" / name, text)
    journal = Journal.load(tmp_path)
    found = grouped(jobs, journal, experiment, 3)
    together = next(job for job in found if job.label == FIRST)
    chosen = [job for job in found if not needs(job, [together])][: found.index(together)]
    lone = next(job for job in jobs if job.label == "train paired seed 0")
    for job in (*chosen, together, lone):
        finish(job, journal)
    journal = Journal.load(tmp_path)
    assert journal.is_done(together)
    assert all(journal.is_done(member) for member in together.members)
    assert journal.entries["train spherical seed 0"].ensemble == verb_code("train_ensemble")
    assert journal.entries["train spherical seed 0"].code == verb_code("train")
    assert journal.entries[lone.label].ensemble is None

    def verdict():
        target = tmp_path / "elsewhere"
        there = jobs_of(experiment, importance(experiment), target, "cpu")
        found = judge(there, journal, Journal.load(target), resolved_specs(experiment))
        return [job.label for job in found.adopted], found.refused

    labels = [member.label for member in together.members]
    assert {*labels, lone.label} <= set(verdict()[0])
    current = verb_code
    for module in ("ickrr.batch.adoption", journal_module.__name__):
        monkeypatch.setattr(
            f"{module}.verb_code", lambda verb: "other" if verb == "train_ensemble" else current(verb)
        )
    adopted, refused = verdict()
    assert lone.label in adopted
    assert set(refused) == set(labels)
    assert "the code behind 'train_ensemble' is not what made it" in refused[labels[0]]
    assert not journal.is_done(together)
    assert journal.is_done(lone)


def test_results_without_a_journal_say_that_they_are_of_an_ensemble(
    jobs, experiment: Experiment, tmp_path: Path
) -> None:
    """Fails if members found beside no journal are recorded as trained alone, or kept of other code."""
    import torch

    from ickrr.tensors import save_tensors

    job = next(job for job in jobs if job.label == "train spherical seed 0")
    for name, text in resolved_specs(experiment).items():
        write_text(tmp_path / "specs" / name, text)
    for path in (*job.inputs.values(), *job.outputs.values()):
        if not path.exists():
            write_text(path, "any")
    origin = {"run": read_json(job.inputs["run"]), "seed": 0}
    save_tensors(job.outputs["weights"], {"x": torch.zeros(1)}, origin)
    together = {
        "ensemble": ["spherical seed 0", "uniform seed 0"],
        "ensemble_code": verb_code("train_ensemble"),
    }
    record = {**origin, "code": verb_code("train"), **together}
    write_json(job.outputs["record"], {**record, "ensemble_code": "other"})
    assert record_given([job], Journal.load(tmp_path)) == []
    write_json(job.outputs["record"], record)
    journal = Journal.load(tmp_path)
    assert record_given([job], journal) == [job.label]
    assert journal.entries[job.label].ensemble == verb_code("train_ensemble")
    assert journal.is_done(job)
