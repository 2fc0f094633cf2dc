"""If a source is edited while its job runs, the job names it, fails, and leaves nothing current."""

import re
import subprocess
import time
from pathlib import Path

import pytest
from support import Project, process_of, snakemake_command

# Long enough to be met halfway.
LONG = """
runs:
  spherical: {training: {steps: 4000, checkpoint_every: 20, validate_every: 2000}}
prompts: {evaluation: 4096}
"""
CASES = [
    (
        "train_model",
        "src/ickrr/training/muon.py",
        "trained/spherical/seed0/weights.safetensors",
        "training of spherical",
    ),
    (
        "solve_prompts",
        "src/ickrr/solvers/system.py",
        "trajectories/spherical-evaluation/richardson.safetensors",
        "job of rule solve_prompts",
    ),
    ("draw_figure", "src/ickrr/report/style.py", "figures/fig_training.pdf", "job of rule draw_figure"),
]


@pytest.mark.parametrize(
    ("step", "source", "target", "job"),
    [
        pytest.param(*case, id=case[0], marks=[] if case[0] == "draw_figure" else pytest.mark.slow)
        for case in CASES
    ],
)
def test_edit_while_a_job_runs_leaves_no_result(
    tiny_project: Project, tmp_path: Path, step: str, source: str, target: str, job: str
) -> None:
    """Fails if a result of half old and half new code is kept, or the message does not name file and job."""
    project = tiny_project.copy(tmp_path / "project")
    overlay = [] if step == "draw_figure" else ["overlay=long.yaml"]
    (project.path / "long.yaml").write_text(LONG)
    arguments = [f"results/smoke/{target}", "--cores", "2", "--config", "scale=smoke", *overlay]
    driver = subprocess.Popen(
        snakemake_command(*arguments),
        cwd=project.path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    process_of(driver, step)
    state = project.results() / "state/spherical/seed0.safetensors"
    while step == "train_model" and driver.poll() is None and not state.exists():
        time.sleep(0.02)
    with (project.path / source).open("a") as code:
        code.write("\nedited = 1 + 1\n")
    said, _ = driver.communicate(timeout=120)
    assert driver.returncode == 1, said
    assert not (project.results() / target).exists()
    # A job may also have been met before it had looked at its code.
    told = re.search(r"error: (.*?): .*(was edited while it ran|its code was edited after).*", said)
    assert told, said
    assert told[1].startswith((job, "job of rule"))
    assert source in told[0]
    assert "Traceback" not in said
    last = said.splitlines()[-5:]
    assert any(line.startswith(f"{source}: edited since this run was planned; run the same") for line in last)
    # With the code as it is now everything is planned anew, and comes to its end.
    assert sum(project.planned(*arguments).values()) >= 1


@pytest.mark.slow
def test_comment_while_a_job_runs_costs_nothing(tiny_project: Project, tmp_path: Path) -> None:
    """Fails if dates or formatting decide: whoever saves a file would lose what is running."""
    project = tiny_project.copy(tmp_path / "project")
    driver = subprocess.Popen(
        snakemake_command("fig_training", "--cores", "2"),
        cwd=project.path,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    process_of(driver, "train_model")
    project.edit("src/ickrr/training/muon.py")
    project.edit("src/ickrr/report/style.py")
    said, _ = driver.communicate(timeout=120)
    assert driver.returncode == 0, said
    assert "edited since" not in said
