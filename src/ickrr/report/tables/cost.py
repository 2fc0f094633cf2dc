"""Table of what each stage cost: jobs, time and memory, as Snakemake's benchmarks and training measured them.

These differ every time, so nothing else reads them. A training that was interrupted is timed by its own
clock, which runs on over all processes; a benchmark knows the last one only. Results that were made elsewhere
have no benchmark, but records (`ickrr.provenance`), which say when their jobs began and ended.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, cast, get_args

import pandas as pd

from ickrr.config.experiment import Experiment, RunTable
from ickrr.errors import FileError
from ickrr.io.files import read_columns, read_json
from ickrr.report.formatting import escape
from ickrr.report.load import Tables, file_of
from ickrr.report.table import PaperTable

Kind = Literal["task", "solved", "trained", "model", "run", "compared", "operators", "ridges", "once"]

MEASURED: Final = {"s": "wall_s", "cpu_time": "cpu_s", "max_rss": "memory_mb"}
TRAINING: Final = "train_model"

READS_COSTS_OF: Final = ("computation",)

SHORT: Final = 180.0  # seconds; stages that take less in all share a line of the paper

# stage: what there is one job of; with the name of a table, a run of which that table is shown
STAGES: Final[dict[str, Kind | RunTable]] = {
    "sample_prompts": "task",
    "solve_prompts": "solved",
    TRAINING: "trained",
    "probe_model": "model",
    "compare_run": "compared",
    "tabulate_training": "run",
    "sweep_noise": "noise",
    "trace_functions": "functions",
    "identify_run": "attribution",
    "identify_snapshots": "snapshot_attribution",
    "try_identification": "trials",
    "replace_heads": "restored",
    "measure_linearity": "linearity",
    "compare_probes": "probes",
    "measure_degree": "degree",
    "measure_operators": "operators",
    "verify_construction": "ridges",
    "measure_contraction": "once",
    "run_conjugate_gradient": "once",
    "measure_width": "once",
}


def build(experiment: Experiment, files: Tables) -> PaperTable:
    """Build the table of costs.

    Args:
        experiment: the resolved experiment, which says what jobs there are.
        files: ``trained/{run}/seed{seed}/rate.parquet`` of all runs, and the folder ``benchmarks``, with
            ``{stage}/..tsv``, beside the folder ``records``.

    Returns:
        One row a stage and a total: `stage, jobs, measured, wall_s, longest_s, cpu_s, peak_memory_mb`.
        `measured` counts the jobs whose time is known; sums are over these. CPU time and memory are those of
        jobs that have a benchmark, and memory also that of training.

    Raises:
        FileError: a benchmark, a record or a rate is not what its stage writes.
    """
    recorded = recorded_times(file_of(files, "benchmarks").parent / "records")
    recorded[TRAINING] = {}  # it has a clock of its own
    rows = [_stage(experiment, files, stage, recorded[stage]) for stage in STAGES]
    frame = pd.DataFrame(rows)
    brief = frame["wall_s"] < SHORT
    others = pd.DataFrame([_total(frame[brief])])
    lines = pd.concat([frame[~brief], others, pd.DataFrame([_total(frame)])], ignore_index=True)
    names = [rf"\texttt{{{escape(stage)}}}" for stage in frame["stage"][~brief]]
    shown = pd.DataFrame(
        {
            "Stage": [*names, f"{brief.sum()} others, less than three minutes each", r"\midrule Total"],
            "{Jobs}": lines["jobs"].astype(str),
            "{Timed}": lines["measured"].astype(str),
            "{Job time, min}": [_decimal(value / 60, 1) for value in lines["wall_s"]],
            "{Longest, min}": [_decimal(value / 60, 1) for value in lines["longest_s"]],
        }
    )
    formats = "S[table-format=4]S[table-format=4]S[table-format=5.1]S[table-format=4.1]"
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, siunitx=False, column_format=f"@{{}}l{formats}@{{}}"
    )
    frame = pd.concat([frame, pd.DataFrame([_total(frame)])[frame.columns]], ignore_index=True)
    return PaperTable(frame, f"{{\\scriptsize\n{latex}}}\n")


def recorded_times(records: Path) -> dict[str, dict[str, float]]:
    """Return by rule, and by file that its jobs wrote, the seconds from the start of the job to its end.

    Raises:
        FileError: a file there is no record of a job.
    """
    times: dict[str, dict[str, float]] = defaultdict(dict)
    for path in sorted(records.rglob("*.json")):
        record = read_json(path)
        try:
            start, end = (datetime.fromisoformat(record[key]) for key in ("start", "end"))
            times[record["rule"]] |= dict.fromkeys(record["outputs"], (end - start).total_seconds())
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(
                f"{path}: is no record of a job ({error}); delete it and run snakemake again"
            ) from error
    return times


def jobs_of(experiment: Experiment, stage: str) -> Iterator[str]:
    """Yield the name of every job of a stage, as its benchmark is called below the stage's folder.

    The benchmark of a stage that is a single job has no folder, but the stage's name.
    """
    kind = STAGES[stage]
    if kind == "once":
        yield stage
    if kind == "ridges":
        yield from experiment.constructions.verification.ridges
    if kind in get_args(RunTable):
        yield from experiment.runs_showing(cast(RunTable, kind))
    if kind in ("task", "solved"):
        shown = [run for run in experiment.models if kind == "task" or experiment.is_compared(run)]
        yield from dict.fromkeys(experiment.task_of(run) for run in shown)
    if kind == "run":
        yield from experiment.runs
    if kind == "compared":
        controls = (name for table in experiment.tables.values() for name in table.controls)
        yield from dict.fromkeys([*experiment.compared, *controls])
    # Hand-built controls are probed and compared as trained models are.
    models: dict[str, Sequence[str]] = {
        "trained": list(experiment.runs),
        "model": [run for run in experiment.models if experiment.is_compared(run)],
        "operators": experiment.operators.runs,
    }
    for run in models.get(kind, ()):
        yield from (f"{run}/seed{seed}" for seed in experiment.seeds(run))


def _total(stages: pd.DataFrame) -> dict[str, object]:
    return {
        "stage": "total",
        **{name: stages[name].sum(min_count=1) for name in ("jobs", "measured", "wall_s", "cpu_s")},
        "longest_s": stages["longest_s"].max(),
        "peak_memory_mb": stages["peak_memory_mb"].max(),
    }


def _stage(
    experiment: Experiment, files: Tables, stage: str, recorded: dict[str, float]
) -> dict[str, object]:
    jobs = list(jobs_of(experiment, stage))
    found = pd.DataFrame(
        [_job(files, stage, job, recorded) for job in jobs], columns=list(MEASURED.values()), index=jobs
    ).astype("float64")
    return {
        "stage": stage,
        "jobs": len(jobs),
        "measured": int(found["wall_s"].notna().sum()),
        "wall_s": found["wall_s"].sum(min_count=1),
        "longest_s": found["wall_s"].max(),
        "cpu_s": found["cpu_s"].sum(min_count=1),
        "peak_memory_mb": found["memory_mb"].max(),
    }


def _job(files: Tables, stage: str, job: str, recorded: dict[str, float]) -> dict[str, float]:
    folder, once = file_of(files, "benchmarks"), STAGES[stage] == "once"
    path = folder / f"{stage}.tsv" if once else folder / stage / f"{job}.tsv"
    if path.is_file():
        measured = _benchmark(path)
    else:
        # The name of a job is a part of the paths of what it writes: prompts/<task>-fit.safetensors.
        part = re.compile("/" if once else rf"/{re.escape(job)}[/.-]")
        times = [seconds for name, seconds in recorded.items() if part.search(name)]
        measured = {**dict.fromkeys(MEASURED.values(), math.nan), "wall_s": max(times, default=math.nan)}
    if stage == TRAINING:
        rate = file_of(files, f"trained/{job}/rate.parquet")
        last = read_columns(rate, ["step", "elapsed_s", "peak_memory_mb"])
        if not last.empty:
            elapsed, memory = last.iloc[-1][["elapsed_s", "peak_memory_mb"]].astype(float)
            measured["wall_s"] = max(elapsed, _or_zero(measured["wall_s"]))
            measured["memory_mb"] = max(memory, _or_zero(measured["memory_mb"]))
    return measured


def _benchmark(path: Path) -> dict[str, float]:
    try:
        # A job shorter than the interval of the measurement has "NA" or "-" for what was not measured.
        last = pd.read_csv(path, sep="\t", na_values=["-"]).iloc[-1]
        return {name: float(last[column]) for column, name in MEASURED.items()}
    except (ValueError, KeyError, IndexError) as error:
        raise FileError(
            f"{path}: is no benchmark of Snakemake ({error}); delete it and run snakemake again"
        ) from error


def _or_zero(value: float) -> float:
    return 0.0 if math.isnan(value) else value


def _decimal(value: float, places: int) -> str:
    return f"{value:.{places}f}" if math.isfinite(value) else "{--}"
