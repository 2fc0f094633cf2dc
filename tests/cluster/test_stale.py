"""If a source is edited while its job runs on the cluster, the job names it, fails and leaves nothing.

There are no retries here. A retry would start Snakemake anew in its job and make its result with the new code
as a whole, and the next run would plan it again, because the driver has noted the code that it began with.
The last lines name what was edited, whether there are retries or not.
"""

import re
import time
from pathlib import Path

import psutil
import pytest
from support import Project

pytestmark = pytest.mark.slow

# Long enough to be met halfway.
LONG = """
runs:
  noise_low: {training: {steps: 4000, checkpoint_every: 20, validate_every: 2000}}
prompts: {evaluation: 4096}
"""
EDITED = {
    "train_model": "src/ickrr/training/muon.py",
    "solve_prompts": "src/ickrr/solvers/system.py",
    "draw_figure": "src/ickrr/report/style.py",
}
MADE = {
    "train_model": "trained/noise_low/seed0/weights.safetensors",
    "solve_prompts": "trajectories/spherical-evaluation/richardson.safetensors",
    "draw_figure": "figures/fig_training.pdf",
}


def running(project: Project) -> set[str]:
    """Return the steps whose process runs now in a folder; this machine is the cluster's node."""
    found = set()
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            if command[1:2] == ["-I"] and process.cwd() == str(project.path):
                found.add(command[3])
        except psutil.Error:
            continue
    return found


def test_edit_while_a_job_runs_leaves_no_result(tiny_project: Project, on_slurm, tmp_path: Path) -> None:
    """Fails if a result of half old and half new code is kept, or the message names not file and job."""
    project = tiny_project.copy(tmp_path / "project")
    (project.path / "long.yaml").write_text(LONG)
    config = ["--config", "scale=smoke", "overlay=long.yaml"]
    inputs = [
        "prompts/spherical-evaluation.safetensors",
    ]
    inputs += [MADE["draw_figure"]]
    here = project.snakemake(*(f"results/smoke/{name}" for name in inputs), "--cores", "2", *config)
    assert here.returncode == 0, here.stdout
    (project.results() / MADE["draw_figure"]).unlink()
    targets = [f"results/smoke/{name}" for name in MADE.values()]
    driver = on_slurm(project, *targets, "--", *config, retries=0, groups=None, group_components=None)
    waiting = set(EDITED)
    while waiting and driver.poll() is None:
        for step in waiting & running(project):
            state = project.results() / "state/noise_low/seed0.safetensors"
            if step != "train_model" or state.exists():
                with (project.path / EDITED[step]).open("a") as code:
                    code.write("\nedited = 1 + 1\n")
                waiting.remove(step)
        time.sleep(0.02)
    said, _ = driver.communicate(timeout=300)
    assert not waiting
    assert driver.returncode == 1, said
    assert [name for name in MADE.values() if (project.results() / name).exists()] == []
    jobs = {
        "train_model": "(training of noise_low|job of rule train_model)",
        "solve_prompts": "job of rule solve_prompts",
    }
    jobs["draw_figure"] = "job of rule draw_figure"
    for step, job in jobs.items():
        # A job may also have been met before it had looked at its code.
        told = re.search(rf"error: {job}.*(was edited while it ran|its code was edited after).*", said)
        assert told, said
        assert EDITED[step] in told[0]
    (told,) = [line for line in said.splitlines() if "edited since this run was planned" in line]
    assert all(source in told for source in EDITED.values())
    assert "Traceback" not in said
