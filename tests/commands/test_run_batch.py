"""The batch on one machine: same command lines and bytes as the DAG, order, budget, resuming, adoption."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from support import ROOT, Project

from ickrr.batch.jobs import importance, jobs_of
from ickrr.config.load import load_experiment
from ickrr.provenance import import_closure
from ickrr.tensors import read_metadata

# Long enough to be stopped on the way, short enough for a test.
LONG = """
base:
  training: {steps: 6000, checkpoint_every: 20, validate_every: 500}
runs:
  spherical: {seeds: [0]}
"""


def batch(project: Project, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the verb to its end."""
    process = start(project, *arguments)
    said, _ = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, said)


def start(project: Project, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ickrr", "run_batch", "--scale", "smoke", *arguments],
        cwd=project.path,
        env={**os.environ, "PYTHONPATH": str(project.path / "src"), "OMP_NUM_THREADS": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def started(said: str) -> list[str]:
    """Labels of the jobs in the order in which they started."""
    return re.findall(r"^\[\d+ s\] (.+): starts", said, flags=re.MULTILINE)


def options(command: str) -> tuple[str, dict[str, str]]:
    """Verb and options of a command line, the redirection of its log left out."""
    words = shlex.split(command)
    verb = words[words.index("ickrr") + 1]
    rest = words[words.index(verb) + 1 :]
    for end in ("--recorded-in", "2>"):
        if end in rest:
            rest = rest[: rest.index(end)]
    return verb, dict(zip(rest[::2], rest[1::2], strict=True))


@pytest.fixture
def project(fresh_project: Project, tmp_path: Path) -> Project:
    """A checkout without results that a test may spoil."""
    return fresh_project.copy(tmp_path / "project")


def test_first_runs_come_first_and_seeds_in_rounds() -> None:
    """Fails if a second seed comes before some headline run's first, or an ablation before a headline run."""
    experiment = load_experiment(ROOT / "config.yaml", "paper")
    models = importance(experiment)
    first = experiment.compute.first_runs
    assert [(m.run, m.seed) for m in models[: len(first) + 1]] == [
        *((run, 0) for run in first),
        (first[0], 1),
    ]
    position = {model: index for index, model in enumerate(models)}
    headline = [position[model] for model in models if model.run in first]
    others = [position[model] for model in models if model.run not in first]
    assert max(headline) < min(others)
    assert len(position) == len(models) == sum(len(experiment.seeds(run)) for run in experiment.runs)
    chosen = importance(experiment, ["label", "spherical"], [1, 2])
    assert [(m.run, m.seed) for m in chosen] == [
        ("label", 1),
        ("spherical", 1),
        ("label", 2),
        ("spherical", 2),
    ]


def test_jobs_are_those_of_the_rules(project: Project) -> None:
    """Fails if a rule's command line, path or log and the batch's drift apart."""
    experiment = load_experiment(project.path / "config.yaml", "smoke")
    results = Path("results/smoke")
    jobs = jobs_of(experiment, importance(experiment), results, experiment.compute.device)
    targets = [str(path) for job in jobs if job.verb == "probe" for path in job.outputs.values()]
    planned = project.snakemake("-n", "--printshellcmds", *targets)
    assert planned.returncode == 0, planned.stdout
    lines = [line for line in planned.stdout.splitlines() if "python -m ickrr" in line]
    of_rules = {json.dumps(options(line), sort_keys=True) for line in lines}
    of_batch = {json.dumps(options(shlex.join(["ickrr", *job.arguments])), sort_keys=True) for job in jobs}
    assert of_batch == of_rules
    logs = {shlex.split(line)[-1] for line in lines}
    assert {f"logs/smoke/{job.log}" for job in jobs} == logs


def test_needs_neither_snakemake_nor_plotting() -> None:
    """Fails if the batch could not run where only torch, pandas, pydantic and a few small packages are."""
    allowed = {"torch", "numpy", "pandas", "pydantic", "yaml", "psutil", "tqdm", "safetensors", "ickrr"}
    verbs = ("run_batch", "sample", "train", "train_ensemble", "probe")
    for path in {path for verb in verbs for path in import_closure(f"ickrr.commands.{verb}")}:
        source = path.read_text()
        imported = re.findall(r"^(?:from|import) (\w+)", source, flags=re.MULTILINE)
        assert set(imported) <= allowed | set(sys.stdlib_module_names), path


def test_dry_run_writes_nothing(project: Project) -> None:
    """Fails if the plan is not in order, does not say where the budget ends, or leaves files."""
    run = batch(project, "--runs", "spherical", "--budget", "14", "--dry-run")
    assert run.returncode == 0, run.stdout
    assert run.stdout.count("left to Snakemake: ") == 1
    rows = re.findall(r"^((?:sample|train|probe) .+?)  +to do +(\d+) +(\d+)$", run.stdout, flags=re.MULTILINE)
    assert [label for label, _, _ in rows] == [
        "sample spherical-validation",
        "train spherical seed 0",
        "sample spherical-fit",
        "sample spherical-evaluation",
        "probe spherical seed 0",
        "train spherical seed 1",
        "probe spherical seed 1",
    ]
    assert "the budget of 14 s ends about here" in run.stdout
    assert not project.results().exists()


def test_unknown_run_is_one_message(project: Project) -> None:
    """Fails if a mistake in a name ends in a traceback or starts work."""
    run = batch(project, "--runs", "sphericle")
    assert run.returncode == 1
    assert run.stdout.startswith("error: --runs: found 'sphericle', which is not a run; there are spherical,")
    assert not project.results().exists()


@pytest.mark.slow
def test_ensembles_are_trained_probed_and_adopted(project: Project, tmp_path: Path) -> None:
    """Fails if members are not trained together, do not say so, or cannot be taken over as such."""
    chosen = ("--runs", "spherical", "uniform", "linear_uniform", "--ensemble", "4")
    made = batch(project, *chosen)
    assert made.returncode == 0, made.stdout
    together = "train together: spherical seed 0, uniform seed 0, spherical seed 1"
    assert together in started(made.stdout)
    assert "train linear_uniform seed 0" in started(made.stdout)
    records = {
        path.parent.relative_to(project.results() / "trained").as_posix(): json.loads(path.read_text())
        for path in project.results().glob("trained/*/*/run.json")
    }
    assert {name for name, record in records.items() if "ensemble" in record} == {
        "spherical/seed0",
        "uniform/seed0",
        "spherical/seed1",
    }
    assert "0 jobs done, 0 failed, 0 left" in batch(project, *chosen).stdout
    assert "0 jobs done, 0 failed, 0 left" in batch(project, *chosen[:-2]).stdout
    target = tmp_path / "target"
    adopted = project.verb(
        *("adopt_results", "--scale", "smoke", "--source", str(project.results())),
        *("--results", str(target), "--targets", str(tmp_path / "targets.txt")),
    )
    assert adopted.returncode == 0, adopted.stdout
    assert ", 0 refused" in adopted.stdout
    record = json.loads((target / "trained/uniform/seed0/run.json").read_text())
    assert record["ensemble"] == together.removeprefix("train together: ").split(", ")


@pytest.mark.slow
def test_budget_signal_and_kill_end_in_the_bytes_of_the_rule(
    project: Project, fresh_project: Project
) -> None:
    """Fails if the budget is overrun, stopping or kill -9 loses a checkpoint, or the bytes differ.

    The bytes are compared with those of Snakemake's own rule in an identical checkout.
    """
    (project.path / "long.yaml").write_text(LONG)
    arguments = ("--overlay", "long.yaml", "--runs", "spherical")
    state = project.results() / "state/spherical/seed0.safetensors"
    weights = project.results() / "trained/spherical/seed0/weights.safetensors"

    began = time.monotonic()
    batch(project, *arguments, "--dry-run")
    budget = 16 + 2 * (time.monotonic() - began)  # what this machine needs to import and measure
    labels: list[str] = []
    while not state.exists():
        began = time.monotonic()
        stopped = batch(project, *arguments, "--budget", str(budget))
        assert time.monotonic() - began < budget + 5, stopped.stdout
        assert stopped.returncode == 75, stopped.stdout
        assert not weights.exists(), "too fast: the budget did not stop the training"
        labels += started(stopped.stdout)
        budget *= 2
    assert labels == ["sample spherical-validation", "train spherical seed 0"]
    saved = read_metadata(state)["step"]

    process = start(project, *arguments)
    saved = wait_beyond(state, saved, process)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 143, said
    saved = read_metadata(state)["step"]

    process = start(project, *arguments)
    wait_beyond(state, saved, process)
    (training,) = psutil.Process(process.pid).children()
    training.kill()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "train spherical seed 0: failed with exit code -9" in said
    assert "probe spherical" not in started(said)

    finished = batch(project, *arguments)
    assert finished.returncode == 0, finished.stdout
    assert not any("sample" in label for label in started(finished.stdout))
    assert not state.exists()
    assert "0 jobs done, 0 failed, 0 left" in batch(project, *arguments).stdout

    other = fresh_project.copy(project.path.with_name("rule"))
    (other.path / "long.yaml").write_text(LONG)
    prediction = project.results() / "predictions/spherical/seed0.safetensors"
    made = other.snakemake(
        "--cores",
        "1",
        str(prediction.relative_to(project.path)),
        "--config",
        "scale=smoke",
        "overlay=long.yaml",
    )
    assert made.returncode == 0, made.stdout
    for path in (weights, weights.with_name("learning_curve.parquet"), prediction):
        assert path.read_bytes() == (other.path / path.relative_to(project.path)).read_bytes(), path


def wait_beyond(state: Path, step: int, process: subprocess.Popen[str]) -> int:
    """Wait until the checkpoint is of a later step, and return that step."""
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if state.exists() and read_metadata(state)["step"] > step:
            return int(read_metadata(state)["step"])
        time.sleep(0.02)
    process.kill()
    raise AssertionError(f"no checkpoint after step {step}: {process.communicate()[0]}")
