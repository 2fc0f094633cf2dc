# The configuration, the resolved specs, and the few functions that the rules share.

import json
import os
import re
import sys
from pathlib import Path

SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))

from ickrr import driver
from ickrr.bundles.given import given_results
from ickrr.bundles.shipped import unpack_shipped
from ickrr.config.load import load_experiment
from ickrr.config.load_claims import load_ledger
from ickrr.config.specs import resolved_specs
from ickrr.errors import ConfigError, IckrrError
from ickrr.files import to_json, write_text_if_changed
from ickrr.provenance import import_closure

# `python` in a shell command is the one that runs Snakemake, also without an activated environment.
# PYTHONPATH is set inside the command because conda environments drop an exported one.
BIN = str(Path(sys.executable).parent)
os.environ.update(PATH=os.pathsep.join([BIN, os.getenv("PATH", os.defpath)]))
# Hundreds of short jobs would each compile what they import where bytecode is not kept (container images often
# say so): a start costs half as much, or less, with it.
shell.prefix(f"export PYTHONPATH='{SOURCE}'; unset PYTHONDONTWRITEBYTECODE; ")

# config.yaml is read by the library, so that a mistake in it ends in one message and no job. Snakemake's own
# `config` holds what the command line says: --config scale=smoke overlay=mine.yaml, or --configfile mine.yaml.
# --config bundle=off computes everything, whatever bundles there are; so does --forceall.
overrides = {
    key: value
    for key, value in config.items()
    if key not in ("scale", "overlay", "bundle")
}
try:
    experiment = load_experiment(
        Path(workflow.basedir) / "config.yaml",
        scale=config.get("scale"),
        overlay=config.get("overlay"),
        overrides=overrides,
    )
    ledger = load_ledger(Path(workflow.basedir) / "claims.yaml", experiment)
except ConfigError as error:
    sys.exit(f"config error:\n{error}")

RESULTS = f"results/{experiment.scale}"
CONTROLS = experiment.constructions.controls


wildcard_constraints:
    run="[a-z][a-z0-9_]*",
    ridge="[a-z][a-z0-9_]*",
    seed=r"\d+",
    prompts="[a-z][a-z0-9_]*-(fit|evaluation|validation)",
    figure="fig[a-z0-9_]*",
    table="tab_[a-z0-9_]*",


def write_specs():
    """Write the inputs that carry the configuration, each only if it differs."""
    specs = resolved_specs(experiment)
    specs["claims.json"] = to_json(ledger.model_dump(mode="json"))
    paths = {Path(RESULTS) / "specs" / name: text for name, text in specs.items()}
    changed = [
        path
        for path, text in paths.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    # Jobs read these files while they run; not even a dry run may change them under another driver.
    running = driver.holder(Path.cwd()) if changed else None
    if running and workflow.is_main_process:
        raise driver.DriverError(
            f"{changed[0]} would change while {running} is running this pipeline here; "
            "wait for it, or work in another folder"
        )
    for path in changed:
        write_text_if_changed(path, paths[path])


try:
    write_specs()
except IckrrError as error:
    sys.exit(f"error: {error}")
except OSError as error:
    sys.exit(f"error: {error.filename}: cannot be written ({error.strerror})")


def restored_bundles():
    """What restored bundles give; the shipped one is unpacked where nothing has been computed yet."""
    if config.get("bundle") == "off" or os.environ.get("ICKRR_BUNDLE") == "off":
        return []
    # Snakemake's settings of the DAG do not exist yet while this file is read, so look at the command line.
    if any(re.fullmatch("--forceall|-[a-zA-Z]*F", argument) for argument in sys.argv):
        # Jobs on a cluster read this file again, without the option.
        os.environ.update(ICKRR_BUNDLE="off")
        return []
    if workflow.is_main_process:
        unpack_shipped(Path(RESULTS), experiment.scale)
    given = given_results(Path(RESULTS), experiment)
    if workflow.is_main_process:
        for bundle in given:
            if bundle.files:
                print(bundle.report(), file=sys.stderr)
    return given


try:
    TAKEN = {
        name: str(bundle.folder)
        for bundle in restored_bundles()
        for name in bundle.files
    }
except IckrrError as error:
    sys.exit(f"error: {error}")

NOTHING = "(?!)"  # a pattern that matches nothing


def restored_file(wildcards):
    """The unpacked file of a result that is taken from a bundle."""
    return f"{TAKEN[wildcards.restored]}/files/{wildcards.restored}"


def recorded(rule_name, command, log=" 2> {log}"):
    """A verb's command whose inputs are compared with their records and whose outputs get theirs."""
    options = f"--rule={rule_name} --reads {{input:q}} --writes {{output:q}}"
    return f"{command} --recorded-in {RESULTS} {options}{log}"


def code(start):
    """Package files that a verb module or a notebook imports, relative to the working directory."""
    return [os.path.relpath(path) for path in import_closure(start)]


def verb(name):
    """Package files behind ``python -m ickrr <name>``."""
    return code(f"ickrr.commands.{name}")


def prompts_of(split):
    """Input function: the stored prompts of a run's task."""

    def path(wildcards):
        task = experiment.task_of(wildcards.run)
        return f"{RESULTS}/prompts/{task}-{split}.safetensors"

    return path


def prompt_spec_of(split):
    """Input function: the resolved prompt set of a run's task."""

    def path(wildcards):
        task = experiment.runs[wildcards.run].task
        return f"{RESULTS}/specs/prompts/{task}-{split}.json"

    return path


def trajectories_of_run(wildcards):
    """Solver trajectories on the evaluation prompts of a run's task."""
    task = experiment.task_of(wildcards.run)
    return [
        f"{RESULTS}/trajectories/{task}-evaluation/{solver}.safetensors"
        for solver in experiment.solvers.names
    ]


def readout_of(wildcards):
    """How a run's layers are read: only controls have a choice."""
    control = CONTROLS.get(wildcards.run)
    return control.readout if control else "fitted"


def of_all_seeds(pattern):
    """Input function: one file a seed of the run, ``{run}`` and ``{seed}`` in the pattern."""

    def paths(wildcards):
        return [
            f"{RESULTS}/{pattern}".format(run=wildcards.run, seed=seed)
            for seed in experiment.seeds(wildcards.run)
        ]

    return paths


def run_tables(runs, tables):
    """Tables of some runs."""
    return [
        f"{RESULTS}/tables/{run}/{table}.parquet" for run in runs for table in tables
    ]


def other_tables(settings):
    """Tables of no run that a figure or a table reads."""
    return [f"{RESULTS}/tables/{table}.parquet" for table in settings.others]


def mem_mb(base):
    """Resource function: megabytes, or a function of the wildcards that gives them; doubled on each retry."""

    def size(wildcards, attempt):
        return (base(wildcards) if callable(base) else base) * 2 ** (attempt - 1)

    return size


def minutes(base):
    """Resource function: minutes, or a function of the wildcards that gives them; doubled on each retry."""

    def time(wildcards, attempt):
        return (base(wildcards) if callable(base) else base) * 2 ** (attempt - 1)

    return time


def figure_tables(wildcards):
    """Tables that a figure reads."""
    figure = experiment.figures[wildcards.figure]
    return run_tables(figure.runs, figure.tables) + other_tables(figure)


def figure_code(wildcards):
    """Package files that a figure's notebook imports, and the style they share."""
    return code(f"workflow/notebooks/{wildcards.figure}.ipynb") + STYLE_FILES


def figure_parameters(wildcards):
    """Parameters of a figure's notebook, as YAML on one line; a notebook takes those that it names."""
    runs = experiment.figures[wildcards.figure].runs
    models = {run: experiment.run(run).model for run in runs}
    return json.dumps(
        {
            "figure": wildcards.figure,
            "runs": runs,
            "tables": f"{RESULTS}/tables",
            "output": f"{RESULTS}/figures/{wildcards.figure}",
            "scale": experiment.scale,
            "context_lengths": experiment.statistics.context_lengths,
            "solvers": experiment.solvers.headline,
            "models": {
                run: {"layers": m.layers, "heads": m.heads, "width": m.width}
                for run, m in models.items()
            },
            "snapshots": experiment.noise_mismatch.snapshots,
            "traced_solver": experiment.functions.solver,
        }
    )


CONSTRUCTION_TABLES = [
    "construction/cells",
    "construction/rates",
    "construction/contraction",
    "construction/controls",
    "metarep/cg",
    "metarep/width",
]
SUMMARY_TABLES = [
    f"{RESULTS}/tables/{table}.parquet" for table in experiment.operators.summaries
]
STYLE_FILES = [os.path.relpath(path) for path in SOURCE.glob("ickrr/report/*.mplstyle")]


def table_code(wildcards):
    """Package files behind one LaTeX table: its own module, and what that imports."""
    return code(f"ickrr.report.tables.{wildcards.table.removeprefix('tab_')}")


def table_inputs(wildcards):
    """What a LaTeX table reads."""
    table = experiment.tables[wildcards.table]
    further = FURTHER_TABLE_INPUTS.get(wildcards.table, [])
    shown = [*table.runs, *table.controls]
    return run_tables(shown, table.tables) + other_tables(table) + further


def all_run_tables(wildcards):
    """Tables of every run, from which the paper takes its numbers."""
    every = ["matches", "alignment", "pairs", "shares"]
    constructed = [f"{RESULTS}/tables/{table}.parquet" for table in CONSTRUCTION_TABLES]
    return (
        run_tables(experiment.runs, ["learning_curve"])
        + run_tables(experiment.compared, every)
        + run_tables(experiment.runs_showing("errors"), ["errors"])
        + run_tables(experiment.runs_showing("noise"), ["noise"])
        + constructed
        + SUMMARY_TABLES
    )


def of_all_models(pattern):
    """One file a trained model, ``{run}`` and ``{seed}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(run=run, seed=seed)
        for run in experiment.runs
        for seed in experiment.seeds(run)
    ]


CLAIM_TABLES = [f"{RESULTS}/tables/{table}.parquet" for table in ledger.tables()]

# Beside tables of runs. The costs are those of everything up to the tables, which are inputs so that this one is
# written after them; benchmarks are not, because results that were made on another machine have none.
FURTHER_TABLE_INPUTS = {
    "tab_claims": [f"{RESULTS}/tables/claims.parquet"],
    "tab_cost": [
        *of_all_models("trained/{run}/seed{seed}/rate.parquet"),
        *run_tables(experiment.runs, ["learning_curve"]),
        *run_tables(experiment.compared, ["alignment"]),
        *SUMMARY_TABLES,
        *[f"{RESULTS}/tables/{table}.parquet" for table in CONSTRUCTION_TABLES],
        *run_tables(experiment.runs_showing("noise"), ["noise"]),
        *run_tables(experiment.runs_showing("functions"), ["functions"]),
    ],
}

PAPER_SOURCES = sorted(
    str(path)
    for kind in ("tex", "bib", "sty")
    for path in Path("paper").rglob(f"*.{kind}")
)


def folder(name):
    """Params function: a folder of the results that a verb looks into; its files are inputs or outputs."""

    def path(wildcards):
        return f"{RESULTS}/{name}".format(**wildcards)

    return path


def kind_of(wildcards):
    """Which weights a control has."""
    return CONTROLS[wildcards.run].weights


def of_controls(pattern):
    """One file a control, ``{run}``, ``{seed}`` and ``{task}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(
            run=name, seed=experiment.seeds(name)[0], task=control.task
        )
        for name, control in CONTROLS.items()
    ]


MEASURED_MODELS = [
    f"{run}/seed{seed}"
    for run in experiment.operators.runs
    for seed in experiment.seeds(run)
]
ANCHOR = experiment.operators.anchor
ANCHOR_SEEDS = experiment.seeds(ANCHOR) if ANCHOR else []


def of_anchor(pattern):
    """Files of the run of linear regression, ``{run}``, ``{seed}`` and ``{task}`` in the pattern; none without one."""
    if ANCHOR is None:
        return []
    task = experiment.task_of(ANCHOR)
    paths = [
        f"{RESULTS}/{pattern}".format(run=ANCHOR, seed=seed, task=task)
        for seed in ANCHOR_SEEDS
    ]
    return list(dict.fromkeys(paths))
