"""Run the benchmarks and write what they found: ``python -m benchmarks [name ...]``, all of them by default.

Rows go to results.json and results.csv beside this file, and as a table into README.md. Each row says when,
at which commit and on how busy a machine it was measured; benchmarks that are not named keep theirs.
"""

import argparse
import csv
import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.figure import draw_ratios

HERE = Path(__file__).resolve().parent
NAMES = (
    "kernel_ridge",
    "trajectories",
    "probes",
    "training",
    "training_step",
    "floors",
    "precision",
    "pipeline",
    "growth",
)
MEASURED = ("benchmark", "peer", "ours_s", "peer_s", "ratio", "ratio_low", "ratio_high", "note")
COLUMNS = ("name", *MEASURED, "date", "commit", "load")
BUSY = 0.5  # other processes on average; more spoils the numbers
BEGIN, END = "<!-- begin: written by python -m benchmarks -->\n", "<!-- end -->\n"


def main() -> None:
    """Measure the named benchmarks and write all rows."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    parser.add_argument("--folder", type=Path, default=HERE, help="where results and README.md are")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in NAMES]
    if unknown:
        parser.error(f"found '{unknown[0]}', which is not a benchmark; there are {', '.join(NAMES)}")
    stored = arguments.folder / "results.json"
    found = json.loads(stored.read_text()) if stored.exists() else {"machine": {}, "rows": []}
    here = machine()
    if found["rows"] and found["machine"] != here:
        print("measured before on another machine or with other versions: its rows are dropped", flush=True)
        found["rows"] = []
    for name in arguments.names or NAMES:
        load = os.getloadavg()[0]
        if load > BUSY:
            print(f"{name}: this machine is busy (load {load:.1f}); wait until it is quiet", file=sys.stderr)
        print(f"{name} ...", flush=True)
        facts = {
            "name": name,
            "date": datetime.now(UTC).date().isoformat(),
            "commit": commit(),
            "load": round(load, 2),
        }
        rows = [{**facts, **row} for row in import_module(f"benchmarks.{name}").measure()]
        for row in rows:
            print("  " + "  ".join(cells(row)), flush=True)
        kept = [row for row in found["rows"] if row["name"] != name]
        found = {"machine": here, "rows": sorted(kept + rows, key=lambda row: NAMES.index(row["name"]))}
        write(arguments.folder, found)


def write(folder: Path, found: dict[str, Any]) -> None:
    """Write the rows as JSON, as CSV, as a figure, and into the README between its two marks."""
    (folder / "results.json").write_text(json.dumps(found, indent=1) + "\n")
    with (folder / "results.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: row[key] for key in COLUMNS} for row in found["rows"])
    draw_ratios(found, folder / "ratios.png")
    readme = folder / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    _, after = rest.split(END)
    readme.write_text(before + BEGIN + markdown(found) + END + after)


def markdown(found: dict[str, Any]) -> str:
    """Return the table for people."""
    facts = "; ".join(f"{key} {value}" for key, value in found["machine"].items())
    lines = [
        f"\nMeasured on: {facts}.\n",
        "| what | against | ours [s] | peer [s] | ratio (range) | notes | date, commit, load |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["rows"]:
        stamp = f"{row['date']}, {row['commit']}, {row['load']:g}"
        lines.append("| " + " | ".join([*cells(row), stamp]) + " |")
    return "\n".join(lines) + "\n\n"


def cells(row: dict[str, Any]) -> list[str]:
    """Format what was measured."""
    ratio = (
        ""
        if row["ratio"] is None
        else f"{row['ratio']:.3g} ({row['ratio_low']:.3g}..{row['ratio_high']:.3g})"
    )
    ours_s, peer_s = ("" if row[key] is None else f"{row[key]:.3g}" for key in ("ours_s", "peer_s"))
    return [row["benchmark"], row["peer"], ours_s, peer_s, ratio, row["note"]]


def machine() -> dict[str, str]:
    """Return what the numbers depend on besides the code."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line.split(":")[1].strip() for line in information.open() if line.startswith("model name")]
        processor = names[0] if names else processor
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "processor": processor,
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory:.0f} GiB",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("torch", "snakemake")},
    }


def commit() -> str:
    """Return the commit, with a mark if code differs from it."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(HERE.parent), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--", "*.py", "*.smk", "*.yaml", "Snakefile")
    return git("rev-parse", "--short", "HEAD") + ("-dirty" if changed else "")


if __name__ == "__main__":
    main()
