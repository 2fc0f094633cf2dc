"""What every rule must have, and what a fresh checkout plans."""

import os
import re
import shlex
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from typing import get_args

import pytest
from support import ON_DEMAND, ROOT, RULES, Project, snakemake_command

from ickrr.config.load import load_experiment
from ickrr.config.task import Split

COMPUTING = set(RULES) - set(ON_DEMAND)


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_complete(rule: str) -> None:
    """Fails if a rule lacks its sentence, log, benchmark, environment, threads or resources."""
    body = RULES[rule]
    assert body.lstrip().startswith('"""'), "no docstring"
    for directive in ("log", "benchmark", "conda", "threads", "resources", "message"):
        assert re.search(rf"^    {directive}:", body, flags=re.MULTILINE), f"no {directive}"
    assert f'asks_for("{rule}")' in body, "no memory and time of its own in ickrr.resources"


@pytest.mark.parametrize("rule", RULES)
def test_rule_avoids_what_reruns_wrongly(rule: str) -> None:
    """Fails if a rule uses a directive whose results or reruns cannot be trusted (docs/reruns.md)."""
    for directive in ("run", "cache", "retries", "script", "notebook"):
        assert not re.search(rf"^    {directive}:", RULES[rule], flags=re.MULTILINE), directive


@pytest.mark.parametrize("rule", RULES)
def test_rule_tells_its_job_its_code_and_settings(rule: str) -> None:
    """Fails if a rule runs another step than it hands the digest of, or holds settings back."""
    body = RULES[rule]
    told = re.search(r"^    params:\n        \*\*job\(\s*\"(\w+)\"", body, flags=re.MULTILINE)
    assert told, "its params are not made by job()"
    assert told[1] == rule
    assert body.endswith("    shell:\n        STEP\n") or "    shell:\n        STEP\n\n" in body
    assert "shell.prefix" not in body and "os.environ" not in body


def commands(plan: str) -> dict[str, list[dict[str, list[str]]]]:
    """Options of every job that a plan shows, by step; what stands before the first option is left out."""
    found: dict[str, list[dict[str, list[str]]]] = {}
    for command in re.findall(r"^Shell command: (trap .*)$", plan, flags=re.MULTILINE):
        words = shlex.split(command.replace("<(printf %s ", "").rpartition(" > ")[0])
        step = words[words.index("-I") + 2]
        options: dict[str, list[str]] = {}
        for word in words[words.index(step) + 1 :]:
            if re.match(r"--[a-z]", word):
                assert word not in options, f"{step}: {word} stands twice"
                options[word] = []
            else:
                options[list(options)[-1]].append(word)
        found.setdefault(step, []).append(options)
    return found


def test_jobs_are_handed_what_their_rules_declare_and_nothing_else(fresh_project: Project) -> None:
    """Fails if a step gets a file or folder of results that is no input or output of its rule, or misses one.

    Beside them stand what a training resumes from, where the paper is typeset, the executed notebook, and
    what cannot be declared because it differs from run to run: records and benchmarks.
    """
    beside = {
        "train_model": {"--state"},
        "build_paper": {"--build-directory"},
        "pack_arxiv": {"--build-directory"},
        "draw_figure": {"--executed"},
        "write_numbers": {"--records", "--judged"},
        "write_table": {"--benchmarks"},
        "build_results": {"--executed"},
    }
    demanded = [f"results/smoke/{path}" for path in ON_DEMAND.values()]
    plan = fresh_project.snakemake("-n", "-p", "--config", "scale=smoke", "--", "all", *demanded).stdout
    jobs = commands(plan)
    assert set(jobs) == set(RULES)
    for step, options in ((step, options) for step, all_options in jobs.items() for options in all_options):
        declared = {*options.pop("--reads"), *options.pop("--writes")}
        paths = {
            option: [
                word
                for word in words
                if word in declared or re.match(r"(results|logs|\.\./.*paper|paper)/", word)
            ]
            for option, words in options.items()
            if option != "--recorded-in"
        }
        assert {option for option in paths if {*paths[option]} - declared} == beside.get(step, set()), step
        assert declared <= {path for found in paths.values() for path in found}, step


def test_rule_names_are_verb_object() -> None:
    """Fails if a rule is not named as the others are."""
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", rule) for rule in RULES)


def test_fresh_checkout_plans_the_whole_paper(fresh_project: Project) -> None:
    """Fails if a stage is missing from the plan, or a run or seed is planned twice."""
    planned = fresh_project.planned("--config", "scale=laptop")
    assert set(planned) == COMPUTING
    experiment = load_experiment(ROOT / "config.yaml", None)
    apart = sum(len(experiment.seeds(run)) for run in experiment.runs if not experiment.is_compared(run))
    models = planned["train_model"] + planned["build_control"]
    assert models - apart == planned["probe_model"]
    assert planned["compare_run"] == len(experiment.compared) + planned["build_control"]
    assert planned["sample_prompts"] == len({experiment.task_of(run) for run in experiment.models})
    assert planned["build_paper"] == planned["write_numbers"] == 1


@pytest.mark.parametrize("scale", ["smoke", "desk", "paper"])
def test_scales_plan_the_same_rules(fresh_project: Project, scale: str) -> None:
    """Fails if a scale takes another path than the laptop's (above): they differ in values only."""
    assert set(fresh_project.planned("--config", f"scale={scale}")) == COMPUTING


def test_short_targets_plan_their_ancestors_only(fresh_project: Project) -> None:
    """Fails if `snakemake fig_training` solves or probes, or fig1 typesets the paper."""
    planned = fresh_project.planned("fig_training")
    assert planned.pop("draw_figure") == 1
    assert set(planned) - {"fig_training"} == {"train_model", "tabulate_training"}
    assert "build_paper" not in fresh_project.planned("fig1")


@pytest.mark.parametrize(
    "file",
    [
        "prompts/noise_low-evaluation.safetensors",  # a run's name where a task's is meant
        "trajectories/nosuch-evaluation/richardson.safetensors",
        "trained/nosuch/seed0/weights.safetensors",
        "predictions/nosuch/seed0.safetensors",
        "tables/nosuch/errors.parquet",
        "tables/nosuch/learning_curve.parquet",
        "construction/nosuch/cells.parquet",
        "figures/fig77.pdf",
        "latex/tab_nosuch.tex",
    ],
)
def test_files_of_nothing_configured_are_no_targets(fresh_project: Project, file: str) -> None:
    """Fails if a target with a name that is not in the configuration ends in a traceback, or is planned."""
    run = fresh_project.snakemake("-n", f"results/smoke/{file}")
    assert run.returncode == 1
    assert f"No rule to produce results/smoke/{file}" in run.stdout
    assert "Traceback" not in run.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["scale=smok"], "scale: found 'smok'; allowed: smoke, laptop, desk, paper"),
        (["scale=smoke", "overlay=gone.yaml"], "gone.yaml: cannot be read"),
        (["overlya=mine.yaml"], "command line: overlya: unknown key (did you mean 'overlay'?)"),
        (
            ["figures={fig9: {runs+: [adamw]}}"],
            "run 'adamw' differs from 'spherical' in training.steps, training.optimizer",
        ),
    ],
)
def test_bad_config_stops_before_any_job(fresh_project: Project, arguments: list[str], expected: str) -> None:
    """Fails if a mistake starts a job, exits with 0, or shows a traceback; tests/config has all of them."""
    run = fresh_project.snakemake("--cores", "1", "--config", *arguments)
    assert run.returncode == 1
    assert expected in run.stdout
    assert "Traceback" not in run.stdout
    assert "Building DAG" not in run.stdout


def test_command_line_and_overlays_make_runs(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if nested values of the command line or several overlays do not reach the plan."""
    project = fresh_project.copy(tmp_path / "project")
    (project.path / "a.yaml").write_text(
        "runs: {deeper: &deep {task: spherical, model: {layers: 5}, seeds: [4]}}"
    )
    (project.path / "b, c.yaml").write_bytes("runs: {deeper: {seeds+: [5]}}".encode("utf-16"))
    target = "results/smoke/trained/{}/seed{}/weights.safetensors"
    told = ["scale=smoke", 'overlay=["a.yaml","b, c.yaml"]', "runs={more: {task: line, model: {layers: 2}}}"]
    planned = project.planned(target.format("deeper", 5), target.format("more", 0), "--config", *told)
    assert planned == {"train_model": 2}
    why = project.tool(
        "why", target.format("deeper", 5), "--scale=smoke", "--overlay=a.yaml", "--overlay=b, c.yaml"
    )
    assert why.stdout.endswith("1 job\n"), why.stdout
    alone = project.tool("why", "fig1", "--overlay=b, c.yaml")
    assert "b, c.yaml:1: runs.deeper.seeds+: extends a list of the layers below" in alone.stdout
    assert "Traceback" not in alone.stdout


def test_broken_config_yaml(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if a syntax error in config.yaml is not answered with file and line."""
    project = fresh_project.copy(tmp_path / "project")
    project.edit("config.yaml", "runs:", "runs: [")
    run = project.snakemake("-n")
    assert run.returncode == 1
    assert re.search(r"config\.yaml:\d+: not valid YAML", run.stdout)
    assert "Traceback" not in run.stdout


def test_plain_snakemake_needs_no_options(fresh_project: Project) -> None:
    """Fails if the default profile is not found, so that `snakemake` alone asks for --cores."""
    program = Path(sys.executable).with_name("snakemake")
    run = subprocess.run([program, "-n"], cwd=fresh_project.path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_first_runs_are_trained_first(fresh_project: Project) -> None:
    """Fails if a training of the headline can wait behind an ablation."""
    target = "results/smoke/trained/{}/seed0/weights.safetensors"
    names = [target.format(run) for run in ("noise_low", "spherical", "depth_double")]
    program = """
import sys
from pathlib import Path
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, DAGSettings, OutputSettings, ResourceSettings
with SnakemakeApi(OutputSettings()) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=1),
        config_settings=ConfigSettings(config={"scale": "smoke"}),
        snakefile=Path("Snakefile"),
    )
    import contextlib, io
    with contextlib.redirect_stdout(io.StringIO()):
        workflow.dag(DAGSettings(targets=set(sys.argv[1:]))).printrulegraph()
    dag = workflow._workflow.dag
    priority = {
        job.wildcards["run"]: job.rule.expand_priority(job.wildcards, job.input, 1) for job in dag.jobs
    }
    print(*sorted(priority, key=priority.get, reverse=True), max(priority.values()))
"""
    run = subprocess.run(
        [sys.executable, "-c", program, *names],
        cwd=fresh_project.path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout == "spherical depth_double noise_low 8\n", run.stderr[-2000:]


@pytest.mark.slow
@pytest.mark.parametrize(("options", "together"), [([], 1), (["--resources", "gpu=2"], 2)])
def test_as_many_trainings_share_a_card_as_are_told_to(
    tiny_project: Project, tmp_path: Path, options: list[str], together: int
) -> None:
    """Fails if the profile's one GPU cannot be overruled, or limits nothing.

    Their shells only note when they begin and end; there is no training.
    """
    project = tiny_project.copy(tmp_path / "card")
    (project.path / "card.yaml").write_text("compute: {gpus_per_job: 1}\n")
    (project.path / "before.sh").write_text("echo 1 >>notes; sleep 4; echo -1 >>notes; exit 1\n")
    for task in ("spherical", "spherical_low_noise"):
        for split in get_args(Split):
            prompts = project.results() / f"prompts/{task}-{split}.safetensors"
            prompts.parent.mkdir(parents=True, exist_ok=True)
            prompts.touch()
    seeds = [("spherical", 0), ("spherical", 1), ("noise_low", 0)]
    targets = [f"results/smoke/trained/{run}/seed{seed}/weights.safetensors" for run, seed in seeds]
    command = [*targets, "--cores", "3", *options, "--config", "scale=smoke", "overlay=card.yaml"]
    run = subprocess.run(
        snakemake_command(*command),
        cwd=project.path, env={**os.environ, "BASH_ENV": "before.sh"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    notes = [int(line) for line in (project.path / "notes").read_text().split()]
    assert notes.count(1) == 3, run.stderr
    assert max(accumulate(notes)) == together
