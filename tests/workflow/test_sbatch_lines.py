"""What every rule asks SLURM for is compared with lines that a person has looked at."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support import ROOT, SMALL_JOBS_TOGETHER, Project

GOLDEN = Path(__file__).parent / "golden"
RULES_WITH_GPU = {
    match[1]
    for path in (ROOT / "workflow" / "rules").glob("*.smk")
    for match in re.finditer(r"^rule (\w+):\n((?:    .*\n|\n)+)", path.read_text(), flags=re.MULTILINE)
    if "gpu=" in match[2]
}


@pytest.fixture(scope="module", params=["smoke", "paper"])
def lines(request: pytest.FixtureRequest, fresh_project: Project, tmp_path_factory: pytest.TempPathFactory):
    """Return the scale, and the options of one job of every rule."""
    project = fresh_project.copy(tmp_path_factory.mktemp("sbatch") / "project")
    command = [sys.executable, str(Path(__file__).with_name("sbatch_lines.py")), request.param]
    run = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return request.param, dict(line.split("\t") for line in run.stdout.splitlines())


def test_lines_are_the_ones_that_were_looked_at(lines) -> None:
    """Fails if a rule is new or asks for something else: look, then remake the file (sbatch_lines.py)."""
    scale, found = lines
    golden = (GOLDEN / f"sbatch_{scale}.txt").read_text().splitlines()
    assert found == dict(line.split("\t") for line in golden)


def test_gpu_is_asked_for_once_and_only_where_it_is_used(lines) -> None:
    """Fails if a GPU rule speaks two dialects or none, or another rule takes a GPU from the queue."""
    scale, found = lines
    asked = {rule: line.count("--gpus") + line.count("--gres") for rule, line in found.items()}
    on_gpu = RULES_WITH_GPU if scale == "paper" else set()
    assert asked == {rule: int(rule in on_gpu) for rule in found}


def test_every_rule_has_a_time_and_a_memory(lines) -> None:
    """Fails if a rule leaves them to the site."""
    _, found = lines
    assert all("-t NUMBER" in line and "--mem NUMBER" in line for line in found.values())


def test_one_gpu_job_at_a_time_on_one_machine() -> None:
    """Fails if two trainings may share one card when nobody asked for it."""
    profile = yaml.safe_load((ROOT / "profiles" / "default" / "profile.yaml").read_text())
    assert profile["resources"]["gpu"] == 1
    slurm = yaml.safe_load((ROOT / "profiles" / "slurm" / "profile.yaml").read_text())
    assert "gpu" not in slurm.get("resources", {})  # there it would cap the whole queue


SHIPPED = yaml.safe_load((ROOT / "profiles/slurm/profile.yaml").read_text())["groups"]


@pytest.mark.parametrize("groups", [SHIPPED, SMALL_JOBS_TOGETHER], ids=["shipped", "small jobs"])
def test_groups_of_the_whole_paper_wait_for_each_other_in_one_direction(fresh_project, groups) -> None:
    """Fails if a rule between two rules of a group is outside of it: Snakemake then refuses the paper."""
    assert fresh_project.planned("--groups", *groups)["build_paper"] == 1
