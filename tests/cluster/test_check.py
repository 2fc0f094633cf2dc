"""`slurm_guard check` asks a real SLURM, and reports a part of it that is missing."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def profile(folder: Path, **resources: object) -> Path:
    """Write a profile with nothing but these default resources."""
    folder.mkdir()
    (folder / "profile.yaml").write_text(yaml.safe_dump({"default-resources": resources}))
    return folder


def check(slurm, folder: Path, shown: Path) -> tuple[int, dict[str, str], str]:
    """Return the exit code, mark and text of each question, and what was printed as an error."""
    env = {**os.environ, **slurm.environment, "PYTHONPATH": str(ROOT / "src")}
    command = [sys.executable, "-m", "slurm_guard", "check", "--profile", str(shown), "--patience", "60"]
    run = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    lines = (line.split(": ", 1) for line in run.stdout.splitlines())
    return run.returncode, dict(lines), run.stderr


def test_cluster_that_works_is_found_to(slurm, tmp_path):
    """Fails if a question goes unasked, or a part that is there is said to be missing."""
    code, answers, _ = check(slurm, tmp_path, profile(tmp_path / "mine", slurm_account="lab"))
    assert code == 0, answers
    assert answers["ok   controller"].startswith("slurm")
    assert "short (2 min)" in answers["ok   partitions"]
    assert answers["ok   GPU partition"]
    assert answers["ok   test job"].startswith("ran on ")
    assert answers["ok   test job"].endswith("folder is shared")
    assert "torch" in answers["ok   environment"]
    assert answers["ok   GPU job"].startswith("ran on ")
    # The nodes' GPUs are null devices: SLURM gives one, torch finds none.
    assert "CUDA_VISIBLE_DEVICES=" in answers["note GPU"]


def test_partition_that_is_not_there_is_named(slurm, tmp_path):
    """Fails if a job is submitted all the same, or the key at fault is not named."""
    code, answers, error = check(slurm, tmp_path, profile(tmp_path / "mine", slurm_partition="nope"))
    assert code == 1
    assert "default-resources.slurm_partition is 'nope'" in answers["FAIL profile"]
    assert "cannot run the pipeline yet: profile" in error
    assert "ok   test job" not in answers


def test_environment_that_the_nodes_lack_is_noticed(slurm, tmp_path):
    """Fails if jobs would be sent to nodes that cannot start them."""
    lonely = tmp_path / "python"
    lonely.symlink_to("/nonexistent/python")
    env = {**os.environ, **slurm.environment, "PYTHONPATH": str(ROOT / "src")}
    program = (
        "import sys; from slurm_guard.__main__ import main; "
        f"sys.executable = {str(lonely)!r}; sys.exit(main(['check', '--profile', 'mine']))"
    )
    profile(tmp_path / "mine", slurm_account="lab")
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 1, run.stdout
    assert "FAIL test job" in run.stdout and "does not exist there" in run.stdout
