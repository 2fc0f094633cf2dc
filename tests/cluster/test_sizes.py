"""What jobs ask for, and the plan of the whole paper."""

import re
from itertools import pairwise

import pytest
from support import ROOT

from ickrr import estimates
from ickrr.__main__ import main
from ickrr.cluster import sizes
from ickrr.cluster.schedule import Task, critical_path, makespan, plan, tasks
from ickrr.config.load import load_experiment


@pytest.fixture(scope="module")
def paper():
    return load_experiment(ROOT / "config.yaml", "paper")


def changed(run, part, **values):
    return run.model_copy(update={part: getattr(run, part).model_copy(update=values)})


def test_time_follows_the_work(paper):
    """Fails if twice the steps do not take twice as long, or a wider model no longer."""
    run = paper.run("spherical")
    once = sizes.training_seconds(run, paper.prompts, True)
    doubled = changed(run, "training", steps=2 * run.training.steps)
    assert sizes.training_seconds(doubled, paper.prompts, True) == pytest.approx(2 * once, rel=0.01)
    wider = changed(run, "model", width=2 * run.model.width)
    assert sizes.training_seconds(wider, paper.prompts, False) > 2 * sizes.training_seconds(
        run, paper.prompts, False
    )
    assert sizes.training_seconds(run, paper.prompts, True) < sizes.training_seconds(
        run, paper.prompts, False
    )


def test_memory_follows_the_work_and_covers_snakemake(paper):
    """Fails if a larger batch asks for no more, or a small job for less than Snakemake itself takes."""
    run = paper.run("spherical")
    larger = changed(run, "training", batch_size=4 * run.training.batch_size)
    assert sizes.training_mb(larger, True) > sizes.training_mb(run, True)
    smoke = load_experiment(ROOT / "config.yaml", "smoke")
    assert sizes.training_mb(smoke.run("spherical"), False) >= sizes.FLOOR_MB


def test_time_limit_leaves_room(paper):
    """Fails if a job's limit is not well above its estimate."""
    for name in paper.runs:
        seconds = sizes.training_seconds(paper.run(name), paper.prompts, True)
        assert 60 * sizes.minutes(seconds) > 2 * seconds + 120


@pytest.mark.parametrize("gpus", [1, 3, 64])
def test_plan_is_a_schedule(paper, gpus):
    """Fails if a job starts before what it needs, two share a GPU, or a bound of every schedule is broken."""
    jobs = tasks(paper)
    placed = plan(jobs, gpus)
    end = {entry.task.name: entry.end for entry in placed}
    assert len(end) == len(placed) == len(jobs)
    assert all(entry.start >= end[need] for entry in placed for need in entry.task.needs)
    for gpu in range(gpus):
        mine = sorted((entry.start, entry.end) for entry in placed if entry.gpu == gpu)
        assert all(before[1] <= after[0] for before, after in pairwise(mine))
    work = sum(entry.end - entry.start for entry in placed if entry.task.gpu)
    assert makespan(placed) >= max(work / gpus, critical_path(jobs)) - 1e-6
    assert makespan(placed) <= work / gpus + critical_path(jobs) + 1e-6  # Graham's bound


def test_longest_chain_starts_first():
    """Fails if a GPU is given to short jobs while a long chain waits."""
    jobs = [
        Task("a", "train", 1.0, (), True),
        Task("b", "train", 10.0, (), True),
        Task("c", "probe", 5.0, ("b",), True),
    ]
    assert [entry.task.name for entry in plan(jobs, 1, overhead=0.0)] == ["b", "c", "a"]


def test_schedule_says_what_the_trainings_compute(paper, capsys, tmp_path):
    """Fails if seeds or steps are not counted, against 6 flops a parameter and token (Kaplan et al. 2020)."""
    picture = tmp_path / "schedule.png"
    command = ["schedule", "--config", str(ROOT / "config.yaml"), "--scale", "paper"]
    assert main([*command, "--gpus", "1", "8", "--output", str(picture)]) == 0
    said = capsys.readouterr().out
    expected = 0.0
    for name in paper.runs:
        run = paper.run(name)
        tokens = run.training.batch_size * estimates.training_tokens(run).tokens
        weights = estimates.parameters(run.model, run.task)
        expected += 6 * weights * tokens * run.training.steps * len(paper.seeds(name))
    found = float(re.findall(r"arithmetic of all trainings: (\S+) flop", said)[0])
    assert expected < found < 1.2 * expected  # and what attention computes
    assert len(re.findall(r"^ +\d+ GPUs: ", said, re.MULTILINE)) == 2
    assert picture.read_bytes().startswith(b"\x89PNG")
