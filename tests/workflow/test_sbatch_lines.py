"""What every rule asks SLURM for is compared with lines that a person has looked at."""

import re
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest
import yaml
from support import ON_DEMAND, ROOT, RULES, SMALL_JOBS_TOGETHER, Project

from ickrr.resources.of_jobs import ON_GPU

GOLDEN = Path(__file__).parent / "golden"


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
    """Fails if a GPU rule speaks two dialects or none, another takes a GPU, or one is not looked at."""
    scale, found = lines
    asked = {rule: line.count("--gpus") + line.count("--gres") for rule, line in found.items()}
    assert asked == {
        rule: int(scale == "paper" and rule in ON_GPU) for rule in RULES if rule not in ON_DEMAND
    }


def test_rules_that_can_use_a_gpu_are_those_whose_steps_take_a_device() -> None:
    """Fails if a step that computes on a device gets no GPU, or one that does not is given one."""
    assert {rule for rule, body in RULES.items() if re.search(r"^ +device=", body, re.MULTILINE)} == ON_GPU


def copied(path: str, heading: str, prefix: str) -> dict[str, dict[str, object]]:
    """Return the set-resources that stand in a text after a heading, each line with a prefix."""
    lines = (ROOT / path).read_text().partition(f"\n{heading}")[2].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{prefix}set-resources:"))
    block = takewhile(lambda line: line.startswith(prefix) and "```" not in line, lines[start:])
    text = "\n".join(line.removeprefix(prefix) for line in block)
    found: dict[str, dict[str, object]] = yaml.safe_load(text)["set-resources"]
    return found


@pytest.mark.parametrize(
    ("path", "heading", "prefix", "asked"),
    [
        ("profiles/slurm/profile.yaml", "default-resources", "# ", {}),
        ("profiles/README.md", "## Which GPU dialect", "    ", {"gpu": 0, "gres": "gpu:1"}),
        ("docs/extending.md", "## A cluster", "", {}),
    ],
)
def test_what_sites_copy_names_every_rule_that_can_use_a_gpu(path, heading, prefix, asked) -> None:
    """Fails if a site that follows a text has GPU jobs in its CPU partition, or in the wrong dialect."""
    assert copied(path, heading, prefix) == {rule: {"slurm_partition": "gpu", **asked} for rule in ON_GPU}


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
