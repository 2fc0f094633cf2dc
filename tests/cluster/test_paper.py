"""Results made through SLURM equal, byte for byte, those made on this machine without it."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from support import SMALL_JOBS_TOGETHER, Project, checkout

# A training, and the prompts of two tasks, which share a place in the queue; the slow test makes all of them.
FEW = [
    "results/smoke/trained/spherical/seed0/weights.safetensors",
    "results/smoke/prompts/spherical-evaluation.safetensors",
    "results/smoke/prompts/line-evaluation.safetensors",
]
# What varies between any two runs (docs/architecture.md): times, speeds, dates, the commit.
VARIES = ("benchmarks/*", "trained/*/rate.parquet", "latex/provenance.tex", "paper*")
VARIES += ("latex/tab_cost.tex", "tables/tab_cost.*")


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of every file that must not vary."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    names = {path.relative_to(folder).as_posix(): path for path in files}
    varying = {path for pattern in VARIES for path in folder.glob(pattern.replace("*/", "**/"))}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if path not in varying and not name.startswith(("benchmarks/", "records/", "paper_build/"))
    }


def through_slurm(on_slurm, folder: Path, targets: list[str], **changes: object) -> Project:
    """Make some targets of the smoke paper on SLURM, with some keys of profiles/slurm changed."""
    project = checkout(folder)
    driver = on_slurm(project, "--scale", "smoke", *targets, **changes)
    printed, _ = driver.communicate()
    assert driver.returncode == 0, printed[-6000:]
    return project


@pytest.fixture(scope="module")
def few(on_slurm, tmp_path_factory):
    """Make a few results on SLURM and on this machine."""
    here = checkout(tmp_path_factory.mktemp("here"))
    command = [sys.executable, "-m", "snakemake", "--cores", "1", "--config", "scale=smoke", "--", *FEW]
    local = subprocess.Popen(
        command,
        cwd=here.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    there = through_slurm(on_slurm, tmp_path_factory.mktemp("there"), FEW)
    output, _ = local.communicate()
    assert local.returncode == 0, output[-6000:]
    return here, there


def test_results_are_the_same_bytes(few):
    """Fails if a result depends on where it was made."""
    here, there = few
    expected, found = digests(here.results()), digests(there.results())
    assert set(expected) == set(found)
    assert {name for name in expected if expected[name] != found[name]} == set()
    assert "trained/spherical/seed0/weights.safetensors" in expected
    assert {f"prompts/{task}-evaluation.safetensors" for task in ("spherical", "line")} <= set(expected)


def test_logs_say_where_they_were_made(few):
    """Fails if job, node or peak memory cannot be found beside what a job printed."""
    _, there = few
    lines = (there.path / "logs/smoke/train_model/spherical/seed0.log").read_text().splitlines()
    assert lines[0].startswith("SLURM job ")
    assert lines[0].split(" on ")[1].startswith("tn")
    assert lines[-1].startswith(lines[0]) and lines[-1].endswith(" MB")


def test_small_jobs_share_a_place_in_the_queue(few, slurm):
    """Fails if every small job is a queue entry of its own."""
    _, there = few
    listed = slurm.run("squeue", "-h", "--states=all", "-o", "%Z|%k").splitlines()
    rules = [line.split("|")[1] for line in listed if line.startswith(f"{there.path}|")]
    assert len(rules) == 2, rules  # of three jobs


@pytest.mark.slow
def test_whole_paper_is_the_same_bytes(smoke_paper, on_slurm, tmp_path):
    """Fails if any result of the whole smoke paper depends on where it was made."""
    there = through_slurm(
        on_slurm,
        tmp_path,
        [],
        jobs=4,  # the nodes would run 32 at a time, and starve the tests beside this one
        cores=1,
        groups=SMALL_JOBS_TOGETHER,
        group_components=[f"{group.split('=')[1]}=12" for group in SMALL_JOBS_TOGETHER],
    )
    expected, found = digests(smoke_paper.results()), digests(there.results())
    assert set(expected) == set(found)
    assert {name for name in expected if expected[name] != found[name]} == set()
    assert (there.results() / "paper.pdf").exists()
