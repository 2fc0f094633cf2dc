"""What the pipeline itself costs: planning, finding nothing to do, one figure, and the overhead of a job.

Measured in a fresh clone of the last commit, so that no result at hand is touched. The whole smoke paper
is made once, on one core; its overhead is the wall time that the jobs' own commands (Snakemake's
benchmarks) do not account for. Run by hand: python -m benchmarks pipeline
"""

import csv
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 3
SCALE = ("--config", "scale=smoke")
FIGURE = "fig1"
RUNS = (10, 100, 1000)


def measure() -> list[dict[str, object]]:
    """One row a question; where there is a peer, it is the longer way to the same thing."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder) / "project"
        subprocess.run(["git", "clone", "--quiet", "--local", ROOT, project], check=True)
        return _measure(project)


def _measure(project: Path) -> list[dict[str, object]]:
    def snakemake(*arguments: str) -> float:
        command = [sys.executable, "-m", "snakemake", *arguments]
        began = time.perf_counter()
        run = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - began
        if run.returncode:
            raise RuntimeError(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr[-3000:]}")
        return seconds

    def draw() -> float:
        for path in (project / "results/smoke/figures").glob(f"{FIGURE}.*"):
            path.unlink()
        return snakemake("--cores", "1", FIGURE, *SCALE)

    def started(program: str) -> float:
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        return time.perf_counter() - began

    imports = {
        program: statistics.median(repeated(lambda program=program: started(program)))
        for program in ("import snakemake.cli", "import torch, pandas, pyarrow")
    }
    plan = repeated(lambda: snakemake("-n", "--quiet", "all"))
    whole = snakemake("--cores", "1", *SCALE)
    jobs = job_seconds(project / "results/smoke/benchmarks")
    growth = [
        (runs, repeated(lambda runs=runs: snakemake("-n", "--quiet", "all", *more_runs(project, runs))))
        for runs in RUNS
    ]
    nothing = repeated(lambda: snakemake("--cores", "1", *SCALE))
    figure = repeated(draw)
    overhead = whole - sum(jobs)
    return [
        row(
            "snakemake -n, the whole laptop paper, nothing made yet",
            plan,
            "import snakemake.cli",
            imports["import snakemake.cli"],
        ),
        *(row(f"snakemake -n, smoke scale, {runs} trainings more", times) for runs, times in growth),
        row("the whole smoke paper, one core", [whole], "its jobs' commands alone", sum(jobs)),
        row(
            "the whole smoke paper, one core, again",
            [whole],
            "import torch, pandas, pyarrow",
            imports["import torch, pandas, pyarrow"],
        ),
        row(
            "Snakemake's overhead a job of the smoke paper", [overhead / len(jobs)], note=f"{len(jobs)} jobs"
        ),
        row("snakemake on a finished smoke paper", nothing, "making it", whole),
        row(f"one figure ({FIGURE}) from finished tables", figure, "the whole smoke paper", whole),
    ]


def more_runs(project: Path, count: int) -> tuple[str, ...]:
    """Write an overlay with so many further runs, all in one table; return the options that use it."""
    names = [f"extra{index}" for index in range(count)]
    overlay = {
        "runs": {name: {"task": "spherical", "seeds": [0]} for name in names},
        "tables": {"tab_ablations": {"runs": ["spherical", *names]}},
    }
    path = project / f"more{count}.yaml"
    path.write_text(json.dumps(overlay))  # JSON is YAML
    return (*SCALE, f"overlay={path.name}")


def repeated(work: Callable[[], float]) -> list[float]:
    """Seconds of each of a few calls."""
    return [work() for _ in range(REPEATS)]


def job_seconds(folder: Path) -> list[float]:
    """Seconds of every job, from Snakemake's benchmark files."""
    seconds = []
    for path in sorted(folder.rglob("*.tsv")):
        with path.open(newline="") as handle:
            seconds += [float(line["s"]) for line in csv.DictReader(handle, delimiter="\t")]
    return seconds


def row(
    benchmark: str, ours: list[float], peer: str = "", peer_s: float | None = None, note: str = ""
) -> dict[str, object]:
    """Summarise one question; without a peer there is no ratio."""
    ratios = [None, None, None] if peer_s is None else [peer_s / seconds for seconds in ours]
    known = [ratio for ratio in ratios if ratio is not None]
    return {
        "benchmark": benchmark,
        "peer": peer,
        "ours_s": statistics.median(ours),
        "peer_s": peer_s,
        "ratio": statistics.median(known) if known else None,
        "ratio_low": min(known, default=None),
        "ratio_high": max(known, default=None),
        "note": note or f"wall clock, {len(ours)} repeats",
    }


if __name__ == "__main__":
    for result in measure():
        print(result)
