"""The smoke paper from a fresh checkout: complete, readable, reproducible to the byte, and safe to kill."""

import hashlib
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
from support import Paper, Project, process_of

from ickrr.config.load import load_experiment
from ickrr.driver.plan import bytes_of, jobs_of_paper
from ickrr.io.files import write_json
from ickrr.io.tensors import read_metadata
from ickrr.resources.disk import SMALL

MAXIMAL_OVERFULL_PT = 2.0
# Long enough to be killed halfway.
LONG = """
runs:
  spherical: {training: {steps: 600, checkpoint_every: 20, validate_every: 300}}
"""


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def pages(pdf: Path) -> list[str]:
    """Return the text of every page."""
    text = subprocess.run(
        ["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True
    ).stdout
    return text.split("\f")[:-1]


@pytest.fixture(scope="module")
def paper(smoke_paper: Paper) -> list[str]:
    return pages(smoke_paper.results() / "paper.pdf")


def test_every_reference_is_resolved(paper: list[str]) -> None:
    """Fails if the PDF shows '??', a macro that has no value, or nan where a number should be."""
    text = "\n".join(paper)
    assert len(paper) >= 2
    assert "??" not in text
    assert not re.search(r"\bnan\b|\bNaN\b|\\[A-Z][a-z]+[A-Z]", text)


def test_first_page_says_what_made_it(paper: list[str], smoke_paper: Paper) -> None:
    """Fails if a reader of page 1 cannot tell scale, commit and date."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=smoke_paper.path,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert "smoke scale" in paper[0]
    assert commit in paper[0]
    assert re.search(r"run of \d{4}-\d{2}-\d{2}", paper[0])


def test_latex_log_is_clean(smoke_paper: Paper) -> None:
    """Fails if a line or box sticks out by more than 2 pt, or a reference or citation is undefined."""
    log = (smoke_paper.results() / "paper_build" / "main.log").read_text(errors="replace")
    excess = [float(points) for points in re.findall(r"Overfull \\.box \(([\d.]+)pt", log)]
    assert [points for points in excess if points > MAXIMAL_OVERFULL_PT] == []
    assert not re.search(r"(Reference|Citation) .* undefined", log)


def test_every_figure_shows_something(smoke_paper: Paper) -> None:
    """Fails if a figure is missing, empty, or one colour."""
    experiment = load_experiment(smoke_paper.path / "config.yaml", "smoke")
    for figure in experiment.figures:
        path = smoke_paper.results() / "figures" / figure
        assert path.with_suffix(".pdf").read_bytes().startswith(b"%PDF"), figure
        pixels = matplotlib.image.imread(path.with_suffix(".png"))[..., :3]  # (height, width, 3)
        inked = np.any(np.abs(pixels - pixels[0, 0]) > 0.1, axis=-1).mean()
        assert inked > 0.005, f"{figure}: {inked:.2%} of the pixels differ from the corner"


def test_learning_curves_are_finite(smoke_paper: Paper) -> None:
    """Fails if a training that may not diverge has a hole in its curve, or a seed has none."""
    experiment = load_experiment(smoke_paper.path / "config.yaml", "smoke")
    for name in experiment.runs:
        curve = pd.read_parquet(smoke_paper.results() / "tables" / name / "learning_curve.parquet")
        assert sorted(set(curve.seed)) == experiment.seeds(name), name
        training = experiment.run(name).training
        kept = curve[~curve.diverged] if training.allow_divergence else curve
        assert np.isfinite(kept[["loss", "excess_risk", "bayes_risk"]]).all(axis=None), name
        if not training.allow_divergence:
            last = curve.groupby("seed").step.max()
            assert (last == training.steps).all(), name


MODEL = "results/smoke/trained/spherical/seed0"


def rerun(project: Path, step: str, folder: Path, overlay: Path | None = None) -> dict[str, Path]:
    """Train or probe the first spherical model once more by hand; return the files that must not differ."""
    experiment = load_experiment(project / "config.yaml", "smoke", overlay or ())
    for name, settings in (("run", experiment.run("spherical")), ("probe", experiment.probe)):
        write_json(folder / f"{name}.json", settings.model_dump(mode="json"))
    prompts = "results/smoke/prompts/spherical"
    if step == "train_model":
        files = {
            "weights": "weights.safetensors",
            "snapshots": "snapshots.safetensors",
            "learning-curve": "learning_curve.parquet",
        }
        validation = experiment.prompt_set("spherical-validation")
        write_json(folder / "validation.json", validation.model_dump(mode="json"))
        options = ["--validation", str(folder / "validation.json"), "--rate", str(folder / "rate.parquet")]
        options += ["--state", str(folder / "state.safetensors")]
    else:
        files = {"predictions": "seed0.safetensors"}
        options = ["--weights", f"{MODEL}/weights.safetensors", "--settings", str(folder / "probe.json")]
        options += ["--fit", f"{prompts}-fit.safetensors"]
        options += ["--evaluation", f"{prompts}-evaluation.safetensors"]
    written = {name: folder / name for name in files.values()}
    options += [word for option, name in files.items() for word in (f"--{option}", str(written[name]))]
    made = subprocess.run(
        [
            sys.executable,
            "-I",
            str(project / "src"),
            step,
            "--run",
            str(folder / "run.json"),
            "--seed",
            "0",
            *options,
        ],
        cwd=project,
        text=True,
        capture_output=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    return written


@pytest.mark.parametrize(
    ("step", "folder"), [("train_model", MODEL), ("probe_model", "results/smoke/predictions/spherical")]
)
def test_job_made_twice_is_the_same_bytes(smoke_paper: Paper, tmp_path: Path, step: str, folder: str) -> None:
    """Fails if training or probing depends on more than its inputs: time, path, process, hash order."""
    for name, again in rerun(smoke_paper.path, step, tmp_path).items():
        assert sha256(again) == sha256(smoke_paper.path / folder / name), name


@pytest.mark.slow
def test_training_killed_halfway_ends_in_the_same_bytes(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if kill -9 of a training leaves outputs, loses its checkpoint, or changes the weights."""
    project = fresh_project.copy(tmp_path / "project")
    overlay = project.path / "long.yaml"
    overlay.write_text(LONG)
    weights = project.path / MODEL / "weights.safetensors"
    state = project.results() / "state/spherical/seed0.safetensors"
    arguments = [
        f"{MODEL}/weights.safetensors",
        "--cores",
        "1",
        "--config",
        "scale=smoke",
        "overlay=long.yaml",
    ]
    snakemake = subprocess.Popen(
        [sys.executable, "-m", "snakemake", *arguments],
        cwd=project.path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    child = process_of(snakemake, "train_model")
    until = time.monotonic() + 120
    while time.monotonic() < until and not (state.exists() and read_metadata(state)["step"] >= 100):
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    said, _ = snakemake.communicate(timeout=60)
    assert snakemake.returncode != 0, said
    assert not weights.exists(), "the training was over before it was killed"
    killed_after = read_metadata(state)["step"]
    assert killed_after >= 100

    again = project.snakemake(*arguments)
    assert again.returncode == 0, again.stdout
    log = (project.path / "logs/smoke/train_model/spherical/seed0.log").read_text()
    assert f"resumes after step {killed_after}" in log
    assert not state.exists()
    for name, undisturbed in rerun(project.path, "train_model", tmp_path, overlay).items():
        assert sha256(undisturbed) == sha256(project.path / MODEL / name), name


def size_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_results_are_as_large_as_was_estimated(smoke_paper: Paper) -> None:
    """Fails if a run may fill a disk that was called large enough, or the arithmetic is of other files."""
    experiment = load_experiment(smoke_paper.path / "config.yaml", "smoke")
    jobs = jobs_of_paper(experiment)
    assert size_of(smoke_paper.results()) < bytes_of(experiment, jobs)
    for rule, folder in (
        ("sample_prompts", "prompts"),
        ("solve_prompts", "trajectories"),
        ("probe_model", "predictions"),
    ):
        mine = [job for job in jobs if job.rule == rule]
        estimated = bytes_of(experiment, mine) - SMALL * len(mine)
        assert size_of(smoke_paper.results() / folder) == pytest.approx(estimated, rel=0.2), rule
