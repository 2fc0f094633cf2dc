"""The same machine and threads give the same bytes; other threads give metrics within a stated tolerance."""

import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from support import Paper, Project, fingerprints

from ickrr.config.load import load_experiment
from ickrr.io.files import write_json
from ickrr.report.latex import build_paper

TOLERANCE = 0.02  # relative, of the excess risk after the smoke training (docs/reruns.md)


@pytest.mark.slow
def test_equal_runs_make_equal_bytes(tiny_project: Project, tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if weights, predictions, tables, figures or the PDF depend on anything but their inputs.

    The first paper was made with two jobs side by side, this one with one at a time.
    """
    project = tiny_project.copy(tmp_path / "again")
    run = project.snakemake("--cores", "1")
    assert run.returncode == 0, run.stdout[-3000:]
    expected, found = fingerprints(tiny_paper), fingerprints(project)
    assert {name for name in expected | found if expected.get(name) != found.get(name)} == set()
    latex = Path("latex") / "provenance.tex"
    if (project.results() / latex).read_text() != (tiny_paper.results() / latex).read_text():
        # Midnight passed between the two: give both the same day, as tab_cost would have to be held too.
        shutil.copy(tiny_paper.results() / latex, project.results() / latex)
        made = project.results()
        generated = [*made.glob("figures/*.pdf"), *made.glob("latex/*.tex")]
        build_paper(project.path / "paper", generated, made / "paper.pdf", made / "paper_build")
    assert (project.results() / "paper.pdf").read_bytes() == (tiny_paper.results() / "paper.pdf").read_bytes()


@pytest.mark.parametrize("cores", ["1", "8"])
def test_training_asks_for_one_thread(tiny_project: Project, cores: str) -> None:
    """Fails if the number of threads, and with it the bytes, depends on --cores."""
    run = tiny_project.snakemake("-n", "-p", "--cores", cores)
    commands = [line for line in run.stdout.splitlines() if " train_model --weights " in line]
    assert len(commands) == 3
    assert all("--threads 1 " in command for command in commands)


@pytest.mark.slow
def test_threads_change_metrics_little(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if two threads train a model that is another one in more than rounding."""
    spec = tmp_path / "run.json"
    experiment = load_experiment(tiny_paper.path / "config.yaml", "smoke")
    prompts = tmp_path / "validation.json"
    write_json(spec, experiment.run("spherical").model_dump(mode="json"))
    write_json(prompts, experiment.prompt_set("spherical-validation").model_dump(mode="json"))
    finals = []
    for threads in ("1", "2"):
        folder = tmp_path / threads
        outputs = {
            "--weights": "weights.safetensors",
            "--snapshots": "snapshots.safetensors",
            "--learning-curve": "curve.parquet",
            "--rate": "rate.parquet",
            "--state": "state.safetensors",
        }
        files = [word for option, name in outputs.items() for word in (option, str(folder / name))]
        run = tiny_paper.tool(
            "train_model", "--run", str(spec), "--seed", "0",
            "--threads", threads,
            "--validation", str(prompts),
            "--device", "cpu", *files,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
        finals.append(pd.read_parquet(folder / "curve.parquet")["excess_risk"].iloc[-1])
    print(f"excess risk with one and two threads: {finals}", file=sys.stderr)
    assert finals[1] == pytest.approx(finals[0], rel=TOLERANCE)


def test_bytes_do_not_depend_on_the_clock(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if results that look older than their inputs, as after a wrong clock, are made again."""
    project = tiny_paper.copy(tmp_path / "past")
    subprocess.run(
        ["find", "results", "-newermt", "2000-01-01", "-exec", "touch", "-h", "-d", "1999-01-01", "{}", "+"],
        cwd=project.path,
        check=True,
    )
    assert project.planned() == {}
