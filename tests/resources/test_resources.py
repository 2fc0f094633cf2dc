"""Estimates from settings are compared with the real model, torch's own counters, and brute force."""

import itertools
import re
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from support import ROOT, RULES
from torch.utils.flop_counter import FlopCounterMode

from ickrr.code import import_closure
from ickrr.comparison.effective_ridge import GRID
from ickrr.config.load import load_experiment
from ickrr.config.model import BuiltMLPKind, BuiltModelSettings, ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.model.size import parameters
from ickrr.model.weights import build_model
from ickrr.resources.flops import forward_flops, prediction_tokens, step_flops, training_tokens
from ickrr.resources.of_jobs import CUDA_MB, FIXED, FLOOR_MB, ON_GPU, JobResources, wall_time
from ickrr.resources.of_steps import (
    GRID_RIDGES,
    checking_memory_mb,
    drawing_memory_mb,
    sweeping_memory_mb,
    training_memory_mb,
    training_seconds,
)

WILDCARDS = {"run": "spherical", "task": "spherical"}
ANY = {
    "layers": st.integers(1, 3),
    "width": st.sampled_from([4, 8, 12]),
    "heads": st.sampled_from([1, 2]),
    "norm": st.sampled_from(["layernorm", "none"]),
    "layout": st.sampled_from(["interleaved", "paired"]),
}
TRAINED = st.builds(
    ModelSettings,
    mlp=st.sampled_from(["gelu", "relu", "none"]),
    mlp_ratio=st.sampled_from([1.0, 2.5, 4.0]),
    **ANY,
)
BUILT = st.builds(
    BuiltModelSettings,
    mlp=st.sampled_from(["bilinear", "rational"]),
    hidden=st.integers(1, 5),
    head_width=st.sampled_from([None, 3]),
    **ANY,
)


def run_of(model, batch_size=2, context_length=5, compile=False):
    return RunSettings(
        name="run",
        task_name="task",
        task=TaskSettings(dimension=3, context_length=context_length),
        model=model,
        training=TrainingSettings(batch_size=batch_size, compile=compile),
    )


@settings(max_examples=40, deadline=None)
@given(TRAINED | BUILT)
def test_parameters_are_those_of_the_model(model):
    """Fails if a layer, bias, norm or position is counted wrongly for any option."""
    run = run_of(model)
    assert parameters(model, run.task) == sum(p.numel() for p in build_model(run).parameters())


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
@pytest.mark.parametrize("mlp", ["gelu", "bilinear", "rational", "none"])
def test_forward_flops_are_torchs_count(layout, mlp):
    """Fails if the flops of a prompt's predictions differ from what torch counts, the readout left out."""
    kind = BuiltModelSettings if mlp in get_args(BuiltMLPKind) else ModelSettings
    run = run_of(kind(layers=2, width=32, heads=2, layout=layout, mlp=mlp, attention="linear"))
    model = build_model(run)
    x, y = torch.zeros(1, 6, 3), torch.zeros(1, 6)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(x, y)
    counted = counter.get_total_flops()
    readout = 2 * 32 * 6
    assert forward_flops(run, prediction_tokens(run)) == counted - readout


def test_step_flops_follow_the_usual_rule():
    """Fails if a step is not 6 flops per weight and token where attention is small (Kaplan et al. 2020)."""
    run = run_of(ModelSettings(layers=4, width=512, heads=8), batch_size=64)
    expected = 6 * parameters(run.model, run.task) * 64 * training_tokens(run).tokens
    assert step_flops(run) == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(("compiled", "measured"), [(False, 607), (True, 968)])
def test_laptop_memory_is_near_the_measured_one(compiled, measured):
    """Fails if the memory estimate drifts from the MB measured for the default run on a CPU."""
    run = run_of(ModelSettings(), batch_size=64, context_length=20, compile=compiled)
    assert measured * 0.9 < training_memory_mb(run) < measured * 1.3


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 3))
def test_wall_time_is_within_the_known_bound_of_the_best(jobs, cores):
    """Fails if a core is left idle: longest-first is within 4/3 - 1/(3k) of the best (Graham 1969)."""
    best = min(
        max(sum(job for job, core in zip(jobs, plan, strict=True) if core == c) for c in range(cores))
        for plan in itertools.product(range(cores), repeat=len(jobs))
    )
    assert best <= wall_time(jobs, cores) <= (4 / 3 - 1 / (3 * cores)) * best + 1e-9


def test_rules_can_ask_without_torch():
    """Fails if the arithmetic pulls the model, and so torch, into the Snakefile."""
    names = {path.name for path in import_closure("ickrr.resources.of_jobs")}
    assert not names & {"transformer.py", "tensors.py", "tasks.py"}


@pytest.fixture(scope="module")
def paper():
    return load_experiment(ROOT / "config.yaml", "paper")


def changed(run, part, **values):
    return run.model_copy(update={part: getattr(run, part).model_copy(update=values)})


def test_time_follows_the_work(paper):
    """Fails if twice the steps do not take twice as long, or a wider model no longer."""
    run = paper.run("spherical")
    once = training_seconds(run, paper.prompts, True)
    doubled = changed(run, "training", steps=2 * run.training.steps)
    assert training_seconds(doubled, paper.prompts, True) == pytest.approx(2 * once, rel=0.01)
    wider = changed(run, "model", width=2 * run.model.width)
    assert training_seconds(wider, paper.prompts, False) > 2 * training_seconds(run, paper.prompts, False)
    assert training_seconds(run, paper.prompts, True) < training_seconds(run, paper.prompts, False)


def test_memory_follows_the_work_and_covers_snakemake(paper):
    """Fails if a larger batch asks for no more, or a small job for less than Snakemake itself takes."""
    run = paper.run("spherical")
    larger = changed(run, "training", batch_size=4 * run.training.batch_size)
    assert training_memory_mb(larger) > training_memory_mb(run)
    smoke = JobResources(load_experiment(ROOT / "config.yaml", "smoke"))
    assert smoke.of("train_model", run="spherical")[0] >= FLOOR_MB


def test_time_limit_leaves_room(paper):
    """Fails if a job's limit is not well above its estimate."""
    jobs = JobResources(paper)
    for name in paper.runs:
        seconds = training_seconds(paper.run(name), paper.prompts, paper.compute.gpus_per_job > 0)
        assert 60 * jobs.of("train_model", run=name)[1] > 2 * seconds + 120


def test_every_rule_is_known(paper):
    """Fails if a rule's memory or time stands anywhere but here, or a rule that is gone is still listed."""
    asking = re.findall(r'asks_for\("(\w+)"\)', "".join(RULES.values()))
    assert sorted(asking) == sorted(RULES)
    for rule in RULES:
        megabytes, limit = asked(paper, rule)
        assert megabytes >= 1000
        assert limit >= 5
    assert set(FIXED) | ON_GPU < set(RULES)


def asked(experiment, rule):
    """Megabytes and minutes of a job of a rule: of a run or task, if its log is named after one."""
    log = re.search(r"^    log:\n(.*)$", RULES[rule], flags=re.MULTILINE)[1]
    named = {key: value for key, value in WILDCARDS.items() if f"{{{key}}}" in log}
    return JobResources(experiment).of(rule, **named)


def with_parts(experiment, **parts):
    """The experiment with some values of some blocks changed."""
    changed = {name: getattr(experiment, name).model_copy(update=values) for name, values in parts.items()}
    return experiment.model_copy(update=changed)


@pytest.mark.parametrize("rule", sorted(ON_GPU))
def test_job_on_a_gpu_has_memory_for_cuda_and_the_time_of_a_gpu(paper, rule):
    """Fails if CUDA's own memory is not asked for, or the time does not follow the device."""
    on_cpu = with_parts(paper, compute={"device": "cpu"})
    assert JobResources(paper).gpus(rule) == 1
    assert JobResources(on_cpu).gpus(rule) == 0
    (with_cuda, fast), (without, slow) = asked(paper, rule), asked(on_cpu, rule)
    assert with_cuda == without + CUDA_MB
    assert fast < slow


@pytest.mark.parametrize("rule", sorted(set(RULES) - ON_GPU))
def test_other_jobs_ask_for_no_gpu(paper, rule):
    """Fails if a job that computes on the CPU takes a GPU from the queue, or memory for one."""
    assert JobResources(paper).gpus(rule) == 0
    assert asked(paper, rule) == asked(with_parts(paper, compute={"gpus_per_job": 0}), rule)


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("sample_prompts", {"prompts": {"fit": 80_000}}),
        ("sweep_noise", {"prompts": {"evaluation": 40_000}}),
        ("sweep_noise", {"noise_mismatch": {"chunk_prompts": 4096}}),
        ("sweep_noise", {"noise_mismatch": {"factors": [1.0] * 26}}),
        ("trace_functions", {"functions": {"grid": 4000}}),
        ("trace_functions", {"probe": {"chunk_prompts": 4096}}),
        ("check_controls", {"solvers": {"steps": 1024}}),
        ("check_controls", {"prompts": {"evaluation": 40_000}}),
    ],
)
def test_memory_follows_the_scale(paper, rule, parts):
    """Fails if a job that holds more asks for the memory of the shipped scales."""
    assert asked(with_parts(paper, **parts), rule)[0] > asked(paper, rule)[0]


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("sweep_noise", {"noise_mismatch": {"factors": [1.0] * 26}}),
        ("sweep_noise", {"statistics": {"bootstrap_draws": 1_000_000}}),
        ("trace_functions", {"functions": {"prompts": 400}}),
        ("trace_functions", {"prompts": {"fit": 80_000}}),
        ("sample_prompts", {"prompts": {"fit": 800_000}}),
    ],
)
def test_time_follows_the_scale(paper, rule, parts):
    """Fails if a job with more to do, on the CPU, asks for the time of the shipped scales."""
    on_cpu = with_parts(paper, compute={"device": "cpu"})
    assert asked(with_parts(on_cpu, **parts), rule)[1] > asked(on_cpu, rule)[1]


def test_the_sweep_counts_the_ridges_that_it_tries():
    """Fails if the grid of ridges grows, and the memory and time asked for do not."""
    assert len(GRID) == GRID_RIDGES


def test_memory_of_the_paper_scale_covers_the_measured_one(paper):
    """Fails if an estimate falls below the MB measured on a CPU, or asks for much more."""
    run = changed(paper.run("spherical"), "model", layers=1, width=64)  # as it was measured
    found = {
        686: drawing_memory_mb(run.task, 8192),
        1770: sweeping_memory_mb(run, 4096, paper.noise_mismatch, seeds=1, draws=1000),
        1348: checking_memory_mb(run.task, 4096, paper.solvers),
    }
    assert all(measured < computed < 1.5 * measured for measured, computed in found.items()), found


def test_numbers_follow_the_arithmetic_of_kaplan(paper):
    """Fails if weights or tokens are not counted: about 6 flops a parameter and token (Kaplan 2020)."""
    for name in paper.runs:
        run = paper.run(name)
        tokens = run.training.batch_size * training_tokens(run).tokens
        expected = 6 * parameters(run.model, run.task) * tokens
        assert 0.5 * expected < step_flops(run) < 2 * expected, name
